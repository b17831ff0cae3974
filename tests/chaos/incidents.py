"""What happens to the lake or the key between the first work and the last."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from tests.chaos.scenarios import Mishap
from tests.chaos.servers import Servers
from tests.chaos.world import World, flow

_LEDGER = "ledger.sqlite3*"
_TABLES = ("documents", "requests", "generations", "chunks", "embeddings")
Preparation = Callable[[], None]


def keep_copy(world: World) -> None:
    """Copy the lake, as a backup would."""
    if world.servers is not None:
        world.servers.keep_copy(world.place)
        return
    shutil.copytree(world.lake, world.folder / "copy")


def befall(world: World, mishap: Mishap, off: Iterable[Preparation]) -> None:
    """Let it happen; whoever works meanwhile has the same safeguards switched off."""
    if mishap in _OTHERS:
        other = replace(world, **_OTHERS[mishap], _emulator=0)
        world.join(other.fork(partial(flow, patient=True), *off))
    elif world.servers is not None:
        _FAR_LOSSES[mishap](world.servers, world.place)
    else:
        _LOSSES[mishap](world)


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
        if (found := world.folder / "copy" / name).is_dir():
            shutil.copytree(found, world.lake / name)


_LOSSES: dict[Mishap, Callable[[World], None]] = {
    Mishap.OLD_LEDGER: _old_ledger,
    Mishap.LOST_LEDGER: lambda world: _lose(world, [_LEDGER]),
    Mishap.OLD_TABLES: _old_tables,
    Mishap.LOST_TABLES: lambda world: _lose(world, [*_TABLES, "keys", "index"]),
}
_FAR_LOSSES: dict[Mishap, Callable[[Servers, str], None]] = {
    Mishap.OLD_LEDGER: Servers.bring_back_ledger,
    Mishap.LOST_LEDGER: Servers.lose_ledger,
    Mishap.OLD_TABLES: lambda servers, place: servers.bring_back(place, _TABLES),
    Mishap.LOST_TABLES: lambda servers, place: servers.lose(place, [*_TABLES, "index"]),
}
#: Somebody works on, until all is done as it looks from there.
_OTHERS: dict[Mishap, dict[str, str]] = {
    Mishap.NEW_KEY: {"key": "k2"},
    # The same sources and the same key, and a lake that knows of nothing.
    Mishap.NEW_ROOT: {"root": "elsewhere"},
}
