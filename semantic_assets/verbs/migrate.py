"""migrate: a lake, its ledger or both to another place; every byte read back and compared.

Nobody works with either while it goes on. A process that dies in between leaves both locked, and
the same command goes on where that one was; what is left behind says where it went.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from semantic_assets.config import Settings
from semantic_assets.errors import ConfigError, CorruptResult
from semantic_assets.lake import layout
from semantic_assets.lake.files import Lake
from semantic_assets.ledger.engine import Database, open_database
from semantic_assets.ledger.moving import Move
from semantic_assets.model.count import Count
from semantic_assets.store import lake_of, ledger_url_of

_AT_ONCE = 8
_Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was moved, or with `dry_run` what would be."""

    source: str
    target: str
    files: int = 0
    bytes: int = 0
    #: Files that were there with the same content already.
    files_there: int = 0
    #: Rows of the ledger, by table; empty where it stays.
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """From one place to another; a part that stays is the same in both."""

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
        """Without what may be secret in it."""
        ledger = "Postgres" if "postgresql" in ledger_url_of(self.target) else "SQLite"
        return f"{lake_of(self.target).shown} (ledger in {ledger})"


def migrate(
    source: Settings,
    target: Settings,
    *,
    dry_run: bool = False,
    tell: _Tell = lambda line: None,
    clock: Callable[[], float] = time.time,
) -> Migration:
    """Move; run again after a crash, it goes on.

    Raises:
        ConfigError: both are the same, there is no lake, or a ledger is at the target already.
        Conflict: somebody is at work with it.
        CorruptResult: what arrived is not what was sent; the source is as it was.
    """
    way, begun = _checked(_Way(source, target)), time.monotonic()
    files = list(_files(lake_of(source))) if way.has_lake else []
    size = sum(size for _, size in files)
    report = Migration(source=lake_of(source).shown, target=way.to, files=len(files), bytes=size)
    if dry_run:
        return report
    with ExitStack() as stack:
        move = _opened(way, stack, clock)
        move.begin()
        rows: dict[str, int] = {}
        there = 0
        if not move.is_complete():
            there = _copy_files(way, files, tell)
            rows = move.copy_rows() if way.has_ledger else {}
        if way.has_lake:
            lake_of(source).write_text(layout.LEDGER_ID_FILE, f"{layout.MOVED} {way.to}")
        move.finish()
    return Migration(
        source=report.source,
        target=report.target,
        files=report.files,
        bytes=report.bytes,
        files_there=there,
        rows=rows,
        seconds=round(time.monotonic() - begun, 1),
        moved=True,
    )


def cancel_migration(
    source: Settings, target: Settings, *, clock: Callable[[], float] = time.time
) -> None:
    """Give up a move that was begun; the source is free again, what was copied stays unused.

    Raises:
        Conflict: the ledger has arrived: the move can only be finished.
    """
    with ExitStack() as stack:
        _opened(_checked(_Way(source, target)), stack, clock).cancel()


def _checked(way: _Way) -> _Way:
    if not way.has_lake and not way.has_ledger:
        raise ConfigError("the lake and its ledger are there already: name another place")
    if lake_of(way.source).read_text(layout.LEDGER_ID_FILE) is None:
        raise ConfigError(f"there is no lake at {lake_of(way.source).shown}")
    return way


def _opened(way: _Way, stack: ExitStack, clock: Callable[[], float]) -> Move:
    ours = open_database(ledger_url_of(way.source), create=False, clock=clock, moving=True)
    stack.callback(ours.engine.dispose)
    theirs: Database | None = None
    if way.has_ledger:
        theirs = open_database(
            ledger_url_of(way.target),
            create=True,
            clock=clock,
            ledger_id=ours.ledger_id,
            moving=True,
        )
        stack.callback(theirs.engine.dispose)
    target = lake_of(way.target)
    known = target.read_text(layout.LEDGER_ID_FILE)
    if way.has_lake and known not in (None, ours.ledger_id):
        raise ConfigError(f"there is a lake at {target.shown} already: name an empty place")
    if way.has_lake:
        target.write_text(layout.LEDGER_ID_FILE, ours.ledger_id)
    return Move(ours, theirs, way.to)


def _files(lake: Lake) -> Iterator[tuple[str, int]]:
    for name, size in lake.below(""):
        is_local = name.startswith(layout.LOCAL) or name == layout.LEDGER_ID_FILE
        if not is_local and "/." not in f"/{name}":
            yield name, size


def _copy_files(way: _Way, files: list[tuple[str, int]], tell: _Tell) -> int:
    """How many were there already."""
    source, target = lake_of(way.source), lake_of(way.target)
    there = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        copied = pool.map(lambda file: _copy(source, target, file[0]), files)
        for done, was_there in enumerate(copied, start=1):
            there += was_there
            tell(Count("files moved", done, len(files)))
    return there


def _copy(source: Lake, target: Lake, name: str) -> bool:
    """Whether it was there already. What is written is read back."""
    wanted = source.digest(name)
    if target.digest(name) == wanted:
        return True
    with target.replacing(name) as path:
        source.copy_out(name, path)
    if target.digest(name) != wanted:
        raise CorruptResult(f"{name} is not at {target.shown} as it is at {source.shown}")
    return False
