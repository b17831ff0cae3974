"""Count the files that are read, read in part or not, by their names and rows; no text is read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.intake.names import is_segment
from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.ledger.lake_files.file_notes import FileNote
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.model.wording import are, counted
from semantic_assets.parsing.formats import is_supported
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

#: Kinds of unread files named in one line.
_SHOWN = 4
#: Increase when the same tables would be counted otherwise.
_COUNTING = "1"
_COUNTS = ("ok", "failed", "waiting", "remarked")
_SCHEMA = pa.schema(
    [("uri", pa.string()), *((name, pa.int64()) for name in _COUNTS), ("rows", pa.int64())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts(HtmlTable):
    """The files of some datasets; a document handed over by a call counts as a file."""

    files: int = 0
    #: Files that gave a document, or one that a task of the dataset describes.
    read: int = 0
    #: Of those, files of which something could not be read.
    in_part: int = 0
    #: Files that nothing could be read of, by the ending of their names.
    not_read: dict[str, int] = field(default_factory=dict)
    #: Pictures and recordings that wait for a task to describe them.
    waiting: int = 0
    #: Listed files that the next refresh reads.
    unread: int = 0

    @property
    def failed(self) -> int:
        return sum(self.not_read.values())

    @property
    def told(self) -> str:
        """Return one line for a person."""
        kinds = sorted(self.not_read.items(), key=lambda one: (-one[1], one[0]))
        named = [f"{count:,} {ending}" for ending, count in kinds[:_SHOWN]]
        if rest := sum(count for _, count in kinds[_SHOWN:]):
            named.append(f"{rest:,} others")
        line = f"{self.read:,} of {counted(self.files, 'file')} {are(self.files)} read"
        line += f", {self.in_part:,} of them in part" if self.in_part else ""
        line += f"; {', '.join(named)} {are(self.failed)} not" if named else ""
        line += f"; {self.waiting:,} without a text wait for a task" if self.waiting else ""
        line += f"; {self.unread:,} not read yet" if self.unread else ""
        return f"{line}: `semantic-assets failures`" if named or self.in_part else line

    def __add__(self, other: "FileCounts") -> "FileCounts":
        return FileCounts(
            files=self.files + other.files,
            read=self.read + other.read,
            in_part=self.in_part + other.in_part,
            not_read=dict(Counter(self.not_read) + Counter(other.not_read)),
            waiting=self.waiting + other.waiting,
            unread=self.unread + other.unread,
        )


def file_counts(
    store: Store, datasets: Sequence[DatasetKey] = (), *, notes: bool = False
) -> FileCounts:
    """Count the files of all datasets or these, as listed and read last.

    Args:
        notes: note the counts of datasets that are read in full, so that none of their tables is
            opened for that again.
    """
    every = datasets or store.ledger.sources.datasets()
    described, states = described_datasets(store), _states(store, every)
    held = store.ledger.notes.find({layout.documents_dir(dataset) for dataset in every})
    total, new = FileCounts(), dict[DatasetKey, FileCounts]()
    for dataset in every:
        note = held.get(layout.documents_dir(dataset))
        if note is not None and note.stamp == states.get(dataset):
            found = FileCounts(**note.counts)
        else:
            found, is_whole = _of_dataset(store, dataset)
            new |= {dataset: found} if is_whole else {}
        total += _described(found) if dataset in described else found
    if notes and new:
        _note(store, new, states)
    return total


def _states(store: Store, datasets: Sequence[DatasetKey]) -> dict[DatasetKey, str]:
    """Map each of these datasets that is read in full to what its counts follow from."""
    documents = store.ledger.files.fingerprints("documents")
    found: dict[DatasetKey, list[str] | None] = {dataset: [] for dataset in datasets}
    for shard in store.ledger.sources.shards(datasets[0] if len(datasets) == 1 else None):
        parts, read = found.get(shard.key.dataset), documents.get(layout.documents(shard.key))
        if parts is None or read is None or not _is_read(shard):
            found[shard.key.dataset] = None
        else:
            parts += [str(shard.key), str(shard.revision), read]
    return {dataset: fingerprint(_COUNTING, *parts) for dataset, parts in found.items() if parts}


def _is_read(shard: Shard) -> bool:
    return shard.read_as is not None and shard.read_as.startswith(f"{shard.revision}:")


def _note(
    store: Store, counted: dict[DatasetKey, FileCounts], states: dict[DatasetKey, str]
) -> None:
    """Note the counts of the datasets that were in one state before and after they were counted."""
    after = _states(store, [*counted])
    store.ledger.notes.record(
        FileNote(layout.documents_dir(dataset), state, _COUNTING, asdict(found))
        for dataset, found in counted.items()
        if (state := states.get(dataset)) is not None and state == after.get(dataset)
    )


def described_datasets(store: Store) -> set[DatasetKey]:
    """Return the datasets with a task that describes pictures, recordings and scans."""
    return {one.dataset for one in store.ledger.tasks.all(stopped=True) if one.task.is_media}


def _described(counts: FileCounts) -> FileCounts:
    return replace(counts, read=counts.read + counts.waiting, waiting=0)


def ending_of(uri: str) -> str:
    """Return the ending of a file's name as people name a kind of files."""
    return PurePath(uri).suffix.lower() or "without an ending"


def _of_dataset(store: Store, dataset: DatasetKey) -> tuple[FileCounts, bool]:
    """Return the counts, and whether every shard's table was there as the ledger has it."""
    found = [_of_shard(store, shard.key) for shard in store.ledger.sources.shards(dataset)]
    there = [rows for rows in found if rows is not None]
    counts = _counted(store, dataset, pa.concat_tables([_SCHEMA.empty_table(), *there]))
    return sum(map(_handed_over, there), counts), len(there) == len(found)


def _counted(store: Store, dataset: DatasetKey, parts: pa.Table) -> FileCounts:
    names = [*_COUNTS, "rows"]
    rows = parts.group_by("uri").aggregate([(name, "sum") for name in names])
    rows = rows.rename_columns(["uri", *names])
    placed = {uri for uri in store.ledger.sources.slices(dataset) if not is_segment(uri)}
    rows = rows.filter(pc.is_in(rows["uri"], pa.array(sorted(placed), pa.string())))
    known = set(rows["uri"].to_pylist())
    unread = {item.uri for item in store.ledger.sources.unread(dataset)} & placed - known
    is_read = pc.greater(rows["ok"], 0)
    is_waiting = pc.and_(pc.invert(is_read), pc.greater(rows["waiting"], 0))
    has_fault = pc.or_(pc.greater(rows["failed"], 0), pc.greater(rows["remarked"], 0))
    failed = rows.filter(pc.invert(pc.or_(is_read, is_waiting)))["uri"].to_pylist()
    failed += [uri for uri in unread if not is_supported(uri)]
    waiting, still = _count(is_waiting), sum(map(is_supported, unread))
    return FileCounts(
        files=len(placed),
        read=len(placed) - len(failed) - waiting - still,
        in_part=_count(pc.and_(is_read, has_fault)),
        not_read=dict(Counter(map(ending_of, failed))),
        waiting=waiting,
        unread=still,
    )


def _handed_over(rows: pa.Table) -> FileCounts:
    """Count the documents of a shard's segments, each as a file."""
    held = [row for row in rows.to_pylist() if is_segment(row["uri"])]
    failed = sum(row["failed"] for row in held)
    return FileCounts(
        files=sum(row["rows"] for row in held),
        read=sum(row["ok"] for row in held),
        in_part=sum(row["remarked"] for row in held),
        not_read={"handed over": failed} if failed else {},
        waiting=sum(row["waiting"] for row in held),
    )


def _of_shard(store: Store, shard: ShardKey) -> pa.Table | None:
    """Return the counts of rows of each file of a shard; None: its table is not the ledger's."""
    path = layout.documents(shard)
    mark = store.ledger.files.fingerprint(path)
    try:
        found, rows = (None, None) if mark is None else _read(store.lake, path, mark)
    except FileNotFoundError:
        return None
    return rows if found == mark else None


@lru_cache(maxsize=256)
def _read(lake: Lake, path: str, _mark: str) -> tuple[str, pa.Table]:
    """Return a table's fingerprint and the counts of rows of each file in it."""
    rows, found = lake.read_marked(path, ["uri", "parse_status", "parse_error"])
    is_ok = pc.equal(rows["parse_status"], ParseStatus.OK)
    flags = {
        "ok": is_ok,
        "failed": pc.equal(rows["parse_status"], ParseStatus.FAILED),
        "waiting": pc.equal(rows["parse_status"], ParseStatus.PENDING_DESCRIPTION),
        "remarked": pc.and_(is_ok, pc.is_valid(rows["parse_error"])),
    }
    counted = pa.table(
        {
            "uri": rows["uri"],
            **{name: pc.cast(flag, pa.int64()) for name, flag in flags.items()},
            "rows": pa.array([1] * rows.num_rows, pa.int64()),
        }
    )
    sums = counted.group_by("uri").aggregate([(name, "sum") for name in [*_COUNTS, "rows"]])
    return found, sums.rename_columns(_SCHEMA.names).cast(_SCHEMA)


def _count(mask: pa.ChunkedArray) -> int:
    found: int | None = pc.sum(mask).as_py()
    return found or 0
