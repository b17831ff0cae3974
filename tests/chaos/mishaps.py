"""What happens to the lake or the key between the first work and the last."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from tests.chaos.scenarios import Mishap
from tests.chaos.world import World, flow

_LEDGER = "ledger.sqlite3*"
_TABLES = ("documents", "chunks", "embeddings")


def keep_copy(world: World) -> None:
    """Copy the lake, as a backup would."""
    shutil.copytree(world.lake, world.folder / "copy")


def befall(world: World, mishap: Mishap) -> None:
    _MISHAPS[mishap](world)


def needs_recovery(mishap: Mishap | None) -> bool:
    """Whether a person knows that the ledger is not what it was."""
    return mishap in (Mishap.OLD_LEDGER, Mishap.LOST_LEDGER)


def _lose(world: World, patterns: Iterable[str]) -> None:
    for path in [path for pattern in patterns for path in world.lake.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _old_ledger(world: World) -> None:
    _lose(world, [_LEDGER])
    for path in (world.folder / "copy").glob(_LEDGER):
        shutil.copy(path, world.lake / path.name)


def _old_tables(world: World) -> None:
    _lose(world, _TABLES)
    for name in _TABLES:
        shutil.copytree(world.folder / "copy" / name, world.lake / name)


def _new_key(world: World) -> None:
    """Somebody works on with another key, for as long as it takes."""
    other = replace(world, key="k2", _emulator=0)
    world.join(other.fork(partial(flow, patient=True)))


def _new_root(world: World) -> None:
    """The same sources and the same key, and a lake that knows of nothing."""
    other = replace(world, root="elsewhere", _emulator=0)
    world.join(other.fork(partial(flow, patient=True)))


_MISHAPS: dict[Mishap, Callable[[World], None]] = {
    Mishap.OLD_LEDGER: _old_ledger,
    Mishap.LOST_LEDGER: lambda world: _lose(world, [_LEDGER]),
    Mishap.OLD_TABLES: _old_tables,
    Mishap.LOST_TABLES: lambda world: _lose(world, [*_TABLES, "keys", "index"]),
    Mishap.NEW_KEY: _new_key,
    Mishap.NEW_ROOT: _new_root,
}
