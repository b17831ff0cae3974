"""Write a task's request for each document of a shard as rows of `requests`; nothing is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.batching.prompts import MissingField, render
from semantic_assets.errors import Conflict
from semantic_assets.intake.names import is_segment, shown_uri
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.model.chat_models import listed_chat_model
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.model.tables import REQUESTS
from semantic_assets.model.task import GenerationTask
from semantic_assets.parsing.media import MEDIA, PAGE_COUNT, media_tokens
from semantic_assets.parsing.records import Unreadable
from semantic_assets.pipeline.pending.broken_files import known_table
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint, text_hash
from semantic_assets.text.tokens import estimate_tokens

#: Increase when the same document would give another request.
CODE_VERSION = "2"
_COLUMNS = [
    "document_id", "content_hash", "parse_status", "parse_error", "title", "text", "uri", "record_id", "mime",
    "bytes", "metadata", "record_signature",
]  # fmt: skip
_ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsReport(HtmlTable):
    shard: ShardKey
    task: str
    documents: int
    #: Equal requests of several documents count once.
    requests: int
    refused: int
    tokens_estimated: int
    written: bool


def ask_documents(store: Store, shard: ShardKey, task: GenerationTask) -> RequestsReport:
    """Write a shard's requests of a task, unless its documents are unchanged.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard's documents were not read yet, or are being written.
    """
    path = layout.requests(task.task_id, shard)
    with store.ledger.leases.holding(lease_names.of_shard(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        documents = known_table(store, layout.documents(shard))
        if documents is None:
            raise Conflict(
                f"shard {shard}: its documents are not there yet; materialize them first"
            )
        inputs = requests_inputs(task, documents)
        written = not store.is_current(path, inputs)
        if written:
            digest = blake2b(digest_size=16)
            with store.updating_table(lease, path, REQUESTS, input_fingerprint=inputs) as table:
                for batch in _rows(store, shard, task):
                    digest.update("".join(batch["text_hash"].to_pylist()).encode())
                    digest.update("".join(batch["document_id"].to_pylist()).encode())
                    # A changed document may give the same request: its answer is for the new one.
                    digest.update("".join(batch["content_hash"].to_pylist()).encode())
                    table.write(batch)
                table.fingerprint = digest.hexdigest()
    return _report(store, shard, task, written=written)


def requests_inputs(task: GenerationTask, documents: str) -> str:
    """Return the input fingerprint of a shard's requests, from its documents' fingerprint."""
    return fingerprint("requests", CODE_VERSION, task.task_id, documents)


def _report(
    store: Store, shard: ShardKey, task: GenerationTask, *, written: bool
) -> RequestsReport:
    columns = ["text_hash", "token_estimate", "refusal"]
    rows = store.lake.read(layout.requests(task.task_id, shard), columns)
    return RequestsReport(
        shard=shard,
        task=task.name,
        documents=rows.num_rows,
        requests=pc.count_distinct(rows["text_hash"]).as_py(),
        refused=rows.num_rows - rows["refusal"].null_count,
        tokens_estimated=pc.sum(rows["token_estimate"]).as_py() or 0,
        written=written,
    )


def _rows(store: Store, shard: ShardKey, task: GenerationTask) -> Iterator[pa.Table]:
    fixed = estimate_tokens(f"{task.system_instruction or ''}{task.response_schema or ''}")
    with store.lake.open(layout.documents(shard)) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=_COLUMNS, use_threads=False):
            asked = batch.filter(_is_asked(task, batch)).to_pylist()
            rows = [_row(store, shard, task, document, fixed) for document in asked]
            if rows:
                yield pa.Table.from_pylist(rows, schema=REQUESTS)


def _is_asked(task: GenerationTask, batch: pa.RecordBatch) -> pa.BooleanArray:
    """Select the task's texts or media, including unreadable ones, which get a refusal."""
    is_media = pc.is_in(batch["mime"], pa.array(MEDIA.values()))
    is_failed = pc.equal(batch["parse_status"], ParseStatus.FAILED)
    is_readable = pc.equal(
        batch["parse_status"], ParseStatus.PENDING_DESCRIPTION if task.is_media else ParseStatus.OK
    )
    its = is_media if task.is_media else pc.invert(is_media)
    return pc.or_(is_readable, pc.and_(is_failed, its))


def _row(
    store: Store, shard: ShardKey, task: GenerationTask, document: dict[str, Any], fixed: int
) -> dict[str, Any]:
    media_uri = document["uri"] if task.is_media else None
    media = document["record_signature"] if task.is_media else None
    prompt, refusal = prompt_of(task, document)
    if document["parse_status"] == ParseStatus.FAILED:
        prompt, refusal = "", f"it could not be read: {document['parse_error']}"
    estimate = fixed + estimate_tokens(prompt)
    if media_uri is not None:
        try:
            path = store.sources.local(media_uri)
            pages = int(dict(document["metadata"]).get(PAGE_COUNT, 1))
            estimate += media_tokens(path, document["mime"], document["bytes"], pages)
        except Unreadable as error:  # it became a link out of the source folder
            refusal = f"it could not be read: {error}"
    refusal = refusal or too_long(task, estimate)
    return {
        "document_id": document["document_id"],
        "shard": str(shard),
        "content_hash": document["content_hash"],
        "text_hash": text_hash(f"{task.task_id}\x1f{media or ''}\x1f{refusal or ''}\x1f{prompt}"),
        "vector_text": prompt,
        "token_estimate": estimate,
        "media_uri": media_uri,
        "media_hash": media,
        "mime": document["mime"] if task.is_media else None,
        "refusal": refusal,
    }


def prompt_of(task: GenerationTask, document: dict[str, Any]) -> tuple[str, str | None]:
    """Return (prompt, None) for a document, or ("", the reason why there is none)."""
    uri = document["uri"]
    if is_segment(uri):
        uri = shown_uri(uri, document["record_id"])
    try:
        return render(task.prompt, {**document, "uri": uri}), None
    except MissingField as error:
        return "", str(error)


def too_long(task: GenerationTask, tokens: int) -> str | None:
    limit = listed_chat_model(task.model).max_input_tokens
    if tokens <= limit:
        return None
    return f"its request has about {tokens} tokens, {task.model} takes {limit}: split the document"
