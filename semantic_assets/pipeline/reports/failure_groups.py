"""What is not in search and why, in groups of one reason: files, their parts, chunks and answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import SourceMissing
from semantic_assets.intake.names import shown_uri
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.parsing.formats import is_supported
from semantic_assets.parsing.readers import no_reader
from semantic_assets.pipeline.discovery.trial_listing import trial_listing
from semantic_assets.pipeline.documents.file_counts import described_datasets
from semantic_assets.pipeline.generation.descriptions import descriptions
from semantic_assets.pipeline.pending.retry import failures
from semantic_assets.sources.passed_over import PassedOver, fact_of, remedy_of
from semantic_assets.store import Store

#: Numbers tell faults of one kind apart, as those of rows and lines.
_NUMBER = re.compile(r"(?<![\w-])\d(?:[\d,.]{0,20}\d)?")
#: Where in a file something is, before what is wrong there.
_PLACE = re.compile(r"(?:(?:row|line|record|page|item)s? [N\d,.]{1,20} ?){1,4}")
_COLUMNS = ["uri", "record_id", "parse_status", "parse_error"]
#: What a row of `documents` is, by its status; where a task describes media, they wait no more.
_KINDS_DESCRIBED = {ParseStatus.FAILED: "documents", ParseStatus.OK: "read in part"}
_KINDS = {**_KINDS_DESCRIBED, ParseStatus.PENDING_DESCRIPTION: "waiting"}
_NO_TEXT = (
    "it has no text before a task describes it: `transcribe = true` in dataset.toml reads scans and "
    "pictures, a task of your own whatever it says"
)
_FILE_REMEDY = "mend the file, or exclude it in dataset.toml; the next refresh reads it again"
_CHUNK_REMEDY = "`semantic-assets retry --errors-only` gives them another chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """What failed for one reason. Numbers are left out of the reason where they differ."""

    #: `documents`, `read in part`, `chunks`, `answers` of tasks, `waiting` for a task, or `sources`.
    what: str
    count: int
    reason: str
    remedy: str
    #: Where it happened: uris, or the ids of chunks.
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    what: str
    message: str
    place: str
    remedy: str | None = None
    #: The answer that it comes from: its dataset, task and document.
    answer: tuple[str, str, str] | None = None


def failure_groups(
    store: Store, datasets: tuple[DatasetKey, ...] = (), *, examples: int | None = None
) -> list[FailureGroup]:
    """Group all that failed or is left out, the largest group of each kind first; writes nothing.

    Args:
        examples: places named of each group; None: all of them.
    """
    groups: dict[tuple[str, str], list[_Fault]] = {}
    documents = list(_documents(store, datasets))
    told = {fault.answer for fault in documents}  # with the medium, and not as an answer again
    answers = (fault for fault in _answers(store, datasets) if fault.answer not in told)
    for fault in [*documents, *_chunks(store, datasets), *answers]:
        groups.setdefault((fault.what, _NUMBER.sub("N", fault.message)), []).append(fault)
    found = [_group(what, same, of, examples) for (what, same), of in groups.items()]
    order = ["documents", "read in part", "chunks", "answers", "waiting"]
    found.sort(key=lambda one: (order.index(one.what), -one.count, one.reason))
    return [*found, *_sources(store, datasets, examples)]


def _group(what: str, same: str, of: list[_Fault], examples: int | None) -> FailureGroup:
    message = of[0].message if all(fault.message == of[0].message for fault in of) else same
    reason, remedy = (message, of[0].remedy) if of[0].remedy else _split(message)
    places = tuple(dict.fromkeys(fault.place for fault in of))[:examples]
    return FailureGroup(what=what, count=len(of), reason=reason, remedy=remedy, examples=places)


def _split(message: str) -> tuple[str, str]:
    """Return the reason and the remedy that a reader gave in one line."""
    reason, _, remedy = message.rpartition(": ")
    is_inside = remedy.count(")") > remedy.count("(")  # the colon stands in brackets
    if not reason or is_inside or _PLACE.fullmatch(reason):
        return message, _FILE_REMEDY
    return reason, remedy


def _documents(store: Store, datasets: tuple[DatasetKey, ...]) -> Iterator[_Fault]:
    described = described_datasets(store)
    for dataset in datasets or store.ledger.sources.datasets():
        kinds = _KINDS if dataset not in described else _KINDS_DESCRIBED
        for shard in store.ledger.sources.shards(dataset):
            if store.lake.exists(layout.documents(shard.key)):
                yield from _faults(store.lake.read(layout.documents(shard.key), _COLUMNS), kinds)
                if dataset in described:
                    yield from _not_described(store, shard.key)


def _faults(rows: pa.Table, kinds: Mapping[ParseStatus, str]) -> Iterator[_Fault]:
    is_waiting = pc.equal(rows["parse_status"], ParseStatus.PENDING_DESCRIPTION)
    for row in rows.filter(pc.or_(pc.is_valid(rows["parse_error"]), is_waiting)).to_pylist():
        if what := kinds.get(ParseStatus(row["parse_status"])):
            place = shown_uri(row["uri"], row["record_id"])
            yield _Fault(what, row["parse_error"] or _NO_TEXT, place)


def _not_described(store: Store, shard: ShardKey) -> Iterator[_Fault]:
    """Yield the media of which a task gave a reason in place of a description."""
    failed = {name: one for name, one in descriptions(store, shard).items() if one.error}
    if not failed:
        return
    rows = store.lake.read(layout.documents(shard), [*_COLUMNS, "document_id", "content_hash"])
    for row in rows.to_pylist():
        outcome = failed.get(row["document_id"])
        is_waiting = row["parse_status"] == ParseStatus.PENDING_DESCRIPTION
        if outcome and outcome.error and is_waiting and row["content_hash"] == outcome.content_hash:
            remedy = (
                f"`semantic-assets generate retry {shard.dataset} -t {outcome.task}` asks again"
            )
            place = shown_uri(row["uri"], row["record_id"])
            answer = (str(shard.dataset), outcome.task, row["document_id"])
            yield _Fault("documents", outcome.error, place, remedy, answer)


def _chunks(store: Store, datasets: tuple[DatasetKey, ...]) -> Iterator[_Fault]:
    for failed in failures(store, datasets=datasets):
        message = f"{failed.error_code or ''} {failed.error_message or ''}".strip()
        yield _Fault("chunks", message or "no reason was given", failed.chunk_id, _CHUNK_REMEDY)


def _answers(store: Store, datasets: tuple[DatasetKey, ...]) -> Iterator[_Fault]:
    """Yield what the tasks of these datasets gave up."""
    for pinned in store.ledger.tasks.all(stopped=True):
        if datasets and pinned.dataset not in datasets:
            continue
        remedy = f"`semantic-assets generate retry {pinned.dataset}` gives them another chance"
        for shard in store.ledger.sources.shards(pinned.dataset):
            path = layout.outputs(pinned.task.task_id, shard.key)
            if not store.lake.exists(path):
                continue
            rows = store.lake.read(path, ["document_id", "status", "error_code", "error_message"])
            for row in rows.filter(pc.equal(rows["status"], RowStatus.FAILED)).to_pylist():
                said = f"{row['error_code'] or ''} {row['error_message'] or ''}".strip()
                message = f"{pinned.task.name}: {said or 'no reason was given'}"
                answer = (str(pinned.dataset), pinned.task.name, row["document_id"])
                yield _Fault("answers", message, row["document_id"], remedy, answer)


def _sources(
    store: Store, datasets: tuple[DatasetKey, ...], examples: int | None
) -> Iterator[FailureGroup]:
    """Yield what a listing passes over now, and new files that no reader takes."""
    try:
        with trial_listing(store, datasets) as (listed, found):
            new = _unread(listed, datasets)
            passed_over, skipped = found.passed_over, found.skipped
    except SourceMissing as error:
        yield FailureGroup(what="sources", count=1, reason=str(error), remedy="", examples=())
        return
    for reason, uris in new.items():
        reason, _, remedy = reason.rpartition(": ")
        yield _of_sources(uris, reason, remedy, examples)
    for kind in PassedOver:
        if names := passed_over.get(kind):
            fact = fact_of(kind, len(names)).partition(" ")[2]
            yield _of_sources(names, fact, remedy_of(kind), examples)
    for name, reason in skipped.items():
        yield _of_sources([name], reason, "mend it; until then it stays as it was", examples)


def _of_sources(
    names: Iterable[str], reason: str, remedy: str, examples: int | None
) -> FailureGroup:
    places = tuple(names)
    return FailureGroup(
        what="sources",
        count=len(places),
        reason=reason,
        remedy=remedy,
        examples=places[:examples],
    )


def _unread(listed: Store, datasets: tuple[DatasetKey, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for dataset in datasets or listed.ledger.sources.datasets():
        for item in listed.ledger.sources.unread(dataset):
            if not is_supported(item.uri) and not item.is_read:
                found.setdefault(no_reader(item.uri), []).append(item.uri)
    return found
