"""Move a lake, its ledger or both to another place; every byte is read back and compared.

Both are locked during the move. A process that dies in between leaves them locked, and the same
command goes on from there; the old place names the new one.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from semantic_assets.errors import ConfigError, Conflict, CorruptResult
from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.table_update import amended_tables, compact
from semantic_assets.ledger.database.engine import (
    Clock,
    Database,
    is_there,
    open_database,
    shown_url,
)
from semantic_assets.ledger.ledger_copy import Move, moving
from semantic_assets.model.wording import ProgressLine
from semantic_assets.settings.settings import Settings
from semantic_assets.store import lake_of, ledger_url_of

_AT_ONCE = 8
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The files and rows that were moved, or with `dry_run` would be."""

    source: str
    target: str
    files: int = 0
    bytes: int = 0
    #: Files that were already there with the same content.
    files_there: int = 0
    #: Rows of the ledger, by table; empty if it stays.
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """The old and the new settings; a part that stays is the same in both."""

    source: Settings
    target: Settings

    @property
    def has_lake(self) -> bool:
        return lake_of(self.source).shown != lake_of(self.target).shown

    @property
    def has_ledger(self) -> bool:
        return ledger_url_of(self.source) != ledger_url_of(self.target)

    @property
    def to(self) -> str:
        """The target as text, without secrets."""
        return f"{lake_of(self.target).shown} (ledger in {shown_url(ledger_url_of(self.target))})"


def migrate(
    source: Settings,
    target: Settings,
    *,
    dry_run: bool = False,
    progress: Progress = lambda line: None,
    clock: Clock = time.time,
) -> Migration:
    """Move the lake, its ledger or both; run again after a crash, it goes on.

    Raises:
        ConfigError: both are the same, there is no lake, or a ledger is at the target already.
        Conflict: another process is at work with it.
        CorruptResult: a file arrived with other content; the source is unchanged.
    """
    way, begun = _checked(_Way(source, target)), time.monotonic()
    report = Migration(source=lake_of(source).shown, target=way.to)
    if dry_run:
        return _counted(report, _files(way))
    with _opened(way, clock) as move:
        _require_room(way, move, clock)
        move.begin()
        found = _Done() if _has_arrived(way, move, clock) else _carry(way, move, clock, progress)
        if way.has_lake:
            lake_of(target).write_text(layout.LEDGER_ID_FILE, move.source.ledger_id)
            lake_of(source).write_text(layout.LEDGER_ID_FILE, f"{layout.MOVED} {way.to}")
        move.finish(stays=not way.has_ledger)
    seconds = round(time.monotonic() - begun, 1)
    report = replace(report, files_there=found.there, rows=found.rows, seconds=seconds, moved=True)
    return _counted(report, found.files)


@dataclass(frozen=True, slots=True)
class _Done:
    files: dict[str, int] = field(default_factory=dict)
    there: int = 0
    rows: dict[str, int] = field(default_factory=dict)


def _carry(way: _Way, move: Move, clock: Clock, progress: Progress) -> _Done:
    """Copy the files, then the rows, which make the target the ledger."""
    if not way.has_lake:
        return _Done(rows=_carry_rows(way, move, clock))
    lake_of(way.target).write_text(layout.LEDGER_ID_FILE, _filling(move))
    if lake_of(way.target).bucket is not None:
        _compact_tables(lake_of(way.source))
    files, there = _files(way), 0
    there += _copy_files(way, move, list(files), progress)
    while new := _files(way).keys() - files.keys():  # written by a process until the last moment
        files = _files(way)
        there += _copy_files(way, move, sorted(new), progress)
    return _Done(files, there, _carry_rows(way, move, clock) if way.has_ledger else {})


def _compact_tables(lake: Lake) -> None:
    """Write amended tables as one file each: in a bucket there are no amendments."""
    for folder in layout.AMENDED:
        for path in amended_tables(lake, folder):
            compact(lake, path)
            lake.drop_amendments(path)


def _carry_rows(way: _Way, move: Move, clock: Clock) -> dict[str, int]:
    url, name = ledger_url_of(way.target), move.source.ledger_id
    target = open_database(
        url, create=True, clock=clock, ledger_id=name, moving=True, mark=move.filling
    )
    try:
        return move.copy_rows(target)
    finally:
        target.engine.dispose()


def cancel_migration(source: Settings, target: Settings, *, clock: Clock = time.time) -> None:
    """Give up a move that was begun; the source is free again, and the copies stay unused.

    Raises:
        Conflict: the lake or the ledger has arrived: the move can only be finished.
    """
    way = _checked(_Way(source, target))
    with _opened(way, clock) as move, _existing(way, clock) as there:
        known = lake_of(target).read_text(layout.LEDGER_ID_FILE)
        if way.has_lake and known == move.source.ledger_id:
            raise Conflict(f"the lake has arrived at {way.to}: the same command finishes it")
        move.cancel(there)


def _checked(way: _Way) -> _Way:
    if not way.has_lake and not way.has_ledger:
        raise ConfigError("the lake and its ledger are there already: name another place")
    if lake_of(way.source).read_text(layout.LEDGER_ID_FILE) is None:
        raise ConfigError(f"there is no lake at {lake_of(way.source).shown}")
    return way


@contextmanager
def _opened(way: _Way, clock: Clock) -> Iterator[Move]:
    ours = open_database(ledger_url_of(way.source), create=False, clock=clock, moving=True)
    try:
        with moving(ours, way.to) as move:
            known = lake_of(way.source).read_text(layout.LEDGER_ID_FILE) or ""
            if known.startswith(layout.MOVED) and not move.is_begun():
                raise ConfigError(f"the lake at {lake_of(way.source).shown} was {known} already")
            yield move
    finally:
        ours.engine.dispose()


@contextmanager
def _existing(way: _Way, clock: Clock) -> Iterator[Database | None]:
    """Open the ledger at the target; None: there is none, or the ledger stays where it is."""
    url = ledger_url_of(way.target)
    if not way.has_ledger or not is_there(url):
        yield None
        return
    found = open_database(url, create=False, clock=clock, moving=True)
    try:
        yield found
    finally:
        found.engine.dispose()


def _has_arrived(way: _Way, move: Move, clock: Clock) -> bool:
    with _existing(way, clock) as target:
        return target is not None and move.is_complete(target)


def _require_room(way: _Way, move: Move, clock: Clock) -> None:
    """Check that the target is free, before any process is locked out.

    Raises:
        ConfigError: a lake or a ledger is at the target already.
    """
    known = lake_of(way.target).read_text(layout.LEDGER_ID_FILE)
    ours = (None, _filling(move), move.source.ledger_id if move.is_begun() else None)
    if way.has_lake and known not in ours:
        raise ConfigError(
            f"there is a lake at {lake_of(way.target).shown} already: name an empty place"
        )
    with _existing(way, clock) as target:
        if target is not None and not (move.is_begun() and move.is_complete(target)):
            move.require_room(target)


def _filling(move: Move) -> str:
    return f"{layout.FILLING} {move.source.ledger_id}"


def _files(way: _Way) -> dict[str, int]:
    """Map the names of the files that move to their bytes."""
    if not way.has_lake:
        return {}
    return {
        name: size
        for name, size in lake_of(way.source).below("")
        if not name.startswith((*layout.LOCAL, layout.LEDGER_ID_FILE)) and "/." not in f"/{name}"
    }


def _counted(report: Migration, files: dict[str, int]) -> Migration:
    return replace(report, files=len(files), bytes=sum(files.values()))


def _copy_files(way: _Way, move: Move, names: list[str], progress: Progress) -> int:
    """Copy these files; return how many were already there."""
    source, target = lake_of(way.source), lake_of(way.target)
    there = 0

    def copy(name: str) -> bool:
        move.lease.require()
        return _copy(source, target, name)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done, was_there in enumerate(pool.map(copy, names), start=1):
            there += was_there
            progress(ProgressLine("files moved", done, len(names)))
    return there


def _copy(source: Lake, target: Lake, name: str) -> bool:
    """Copy a file and read it back; return whether it was already there."""
    wanted = source.digest(name)
    if target.digest(name) == wanted:
        return True
    with target.replacing(name) as path:
        source.copy_out(name, path)
    if target.digest(name) != wanted:
        raise CorruptResult(f"{name} is not at {target.shown} as it is at {source.shown}")
    return False
