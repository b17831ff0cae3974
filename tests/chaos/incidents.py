"""What happens to the lake or the key between the first work and the last."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.chaos.scenarios import Incident
from tests.chaos.servers import Servers
from tests.chaos.work import Shift, work
from tests.chaos.world import KEYS, World
from tests.harms import Harm, copied_over, cut_off, emptied, flipped, missing

_LEDGER = "ledger.sqlite3*"
_TABLES = ("documents", "requests", "generations", "chunks", "embeddings")
#: What happens to files of a lake in a folder.
LOCAL = frozenset(
    {
        Incident.COPIED_LAKE,
        Incident.EMPTY_LEDGER,
        Incident.LOST_MANIFEST,
        Incident.CUT_MANIFEST,
    }
)
Preparation = Callable[[], None]


def keep_copy(world: World) -> None:
    """Copy the lake, as a backup would."""
    if world.servers is not None:
        world.servers.keep_copy(world.place)
        return
    shutil.copytree(world.lake, world.folder / "copy")


def befall(world: World, mishap: Incident, off: Iterable[Preparation]) -> None:
    """Let it happen; whoever works meanwhile has the same safeguards switched off."""
    if mishap is Incident.COPIED_LAKE:
        shutil.copytree(world.lake, world.folder / "elsewhere")
    if mishap in _OTHERS:
        other = replace(world, **_OTHERS[mishap], _emulator=0)
        world.join(other.fork(partial(work, shift=Shift()), *off))
        drop_refusals(world)
    elif world.servers is not None:
        if mishap in _HARMS:
            _harm_far_results(world.servers, world.place, _HARMS[mishap])
            return
        _FAR_LOSSES[mishap](world.servers, world.place)
    elif mishap in _HARMS:
        _harm_results(world, _HARMS[mishap])
    else:
        _LOSSES[mishap](world)


#: How a process ends that is told so.
_REFUSALS = ("ConfigError", "SetupError")


def drop_refusals(world: World) -> None:
    """Forget the traces of processes that were told that this is not their lake or ledger."""
    for trace in world.folder.glob("trace-*.txt"):
        told = trace.read_text()
        if any(f"semantic_assets.errors.{one}: " in told for one in _REFUSALS):
            trace.unlink()


def needs_recovery(mishap: Incident | None) -> bool:
    """Whether a person knows that the ledger is not what it was."""
    return mishap in (Incident.OLD_LEDGER, Incident.LOST_LEDGER, Incident.EMPTY_LEDGER)


def restore_manifests(world: World) -> None:
    """Bring back, from a backup, what was lost of manifests."""
    for kept in (world.folder / "kept-manifests").glob("*"):
        shutil.copy(kept, world.lake / "manifests" / kept.name)


def _one_manifest(world: World) -> Path:
    """A manifest of a job that is out, of which a backup is made."""
    found = min((world.lake / "manifests").glob("*.parquet"))
    (world.folder / "kept-manifests").mkdir()
    shutil.copy(found, world.folder / "kept-manifests" / found.name)
    return found


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def drop_empty_ledger(world: World) -> None:
    """Delete a ledger that is an empty file, as its refusal says."""
    ledger = world.lake / "ledger.sqlite3"
    if ledger.exists() and not ledger.stat().st_size:
        ledger.unlink()


def _empty_ledger(world: World) -> None:
    _lose(world, ["ledger.sqlite3-*"])
    (world.lake / "ledger.sqlite3").write_bytes(b"")


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


def _harm_results(world: World, harm: Harm) -> None:
    """To the oldest paid file; what was made of it is gone, so that it is read again."""
    found = sorted(path for path in world.lake.glob("results/*/*.parquet"))
    shutil.copytree(world.lake / "results", world.folder / "kept")
    harm(found[0])
    _lose(world, ["embeddings", "generations", "keys"])


def _harm_far_results(servers: Servers, place: str, harm: Harm) -> None:
    servers.keep_copy(place)
    servers.harm(place, "results", harm)
    servers.lose(place, ["embeddings", "generations"])


def put_back(world: World, path: str) -> None:
    """What a person does who has a backup."""
    if world.servers is not None:
        world.servers.put_back(world.place, path)
        return
    shutil.copy(world.folder / "kept" / path.removeprefix("results/"), world.lake / path)


def _cut_tables(world: World) -> None:
    for name in (*_TABLES, "keys", "index"):
        for path in filter(Path.is_file, (world.lake / name).rglob("*")):
            cut_off(path)


_HARMS: dict[Incident, Harm] = {
    Incident.CUT_RESULTS: cut_off,
    Incident.EMPTY_RESULTS: emptied,
    Incident.FLIPPED_RESULTS: flipped,
    Incident.LOST_RESULTS: missing,
    Incident.SWAPPED_RESULTS: copied_over,
}
_LOSSES: dict[Incident, Callable[[World], None]] = {
    Incident.OLD_LEDGER: _old_ledger,
    Incident.LOST_LEDGER: lambda world: _lose(world, [_LEDGER]),
    Incident.EMPTY_LEDGER: _empty_ledger,
    Incident.LOST_MANIFEST: lambda world: _one_manifest(world).unlink(),
    Incident.CUT_MANIFEST: lambda world: _cut(_one_manifest(world)),
    Incident.OLD_TABLES: _old_tables,
    Incident.LOST_TABLES: lambda world: _lose(world, [*_TABLES, "keys", "index"]),
    Incident.CUT_TABLES: _cut_tables,
}
_FAR_LOSSES: dict[Incident, Callable[[Servers, str], object]] = {
    Incident.OLD_LEDGER: Servers.bring_back_ledger,
    Incident.LOST_LEDGER: Servers.lose_ledger,
    Incident.OLD_TABLES: lambda servers, place: servers.bring_back(place, _TABLES),
    Incident.LOST_TABLES: lambda servers, place: servers.lose(place, [*_TABLES, "index"]),
    Incident.CUT_TABLES: lambda servers, place: [
        servers.harm(place, name, cut_off)
        for name in (*_TABLES, "index")
        if servers.has(place, name)
    ],
}
#: Somebody works on, until all is done as it looks from there.
_OTHERS: dict[Incident, dict[str, str]] = {
    Incident.NEW_KEY: {"key": KEYS[1]},
    # The same sources and the same key, and a lake that knows of nothing.
    Incident.NEW_ROOT: {"root": "elsewhere"},
    Incident.COPIED_LAKE: {"root": "elsewhere"},
}
