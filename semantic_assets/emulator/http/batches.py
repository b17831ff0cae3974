"""The methods of batches: create, get, list, cancel, delete.

Creating twice makes two jobs: there is no idempotency (Google's docs). Not here: reading
requests, the shape of an operation, and result files.
"""

import secrets
import sqlite3
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semantic_assets.emulator.faults import armed, job_faults, listing_faults
from semantic_assets.emulator.http import files, wire
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import (
    batch_not_found,
    invalid_argument,
    quota_exceeded,
)
from semantic_assets.emulator.jobs import jobs, quotas, texts
from semantic_assets.emulator.jobs.catalogue import Kind, Model, find_model
from semantic_assets.emulator.jobs.inputs import encode_inlined
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.jobs.known_fields import CREATE, require_known
from semantic_assets.emulator.jobs.operations import listed_operation, operation
from semantic_assets.emulator.jobs.survey import Survey, survey
from semantic_assets.emulator.media import media_uses, viewing

# Cookbook outputs show 36 lower-case letters and digits (Google's docs).
_ID_LENGTH = 36
_ID_LETTERS = string.ascii_lowercase + string.digits
# An inlined request as a whole (Google's docs).
_LARGEST_INLINE_BYTES = 20 * 1024 * 1024
# Guesses: live page sizes of batches are not known.
_DEFAULT_PAGE, _LARGEST_PAGE = 50, 100


@dataclass(frozen=True, kw_only=True)
class _Input:
    """The place of a new job's requests."""

    blob: str
    source_file: str | None


def create_embeddings(call: Call) -> dict[str, Any]:
    """Create an embedding job (models.asyncBatchEmbedContent)."""
    return _create(call, Kind.EMBED, "asyncBatchEmbedContent")


def create_generation(call: Call) -> dict[str, Any]:
    """Create a generation job (models.batchGenerateContent)."""
    return _create(call, Kind.GENERATE, "batchGenerateContent")


def _create(call: Call, kind: Kind, method: str) -> dict[str, Any]:
    model = find_model(call.path["model"], kind=kind, version=call.version, method=method)
    require_known(call.message(), CREATE[kind])
    batch = wire.message_field(call.message(), "batch")
    given = _stored_input(call, wire.message_field(batch, "inputConfig"))
    see = viewing.of_caller(call)
    path, is_inlined = call.state.blob_path(given.blob), given.source_file is None
    read = survey(path, model, see, is_inlined=is_inlined)
    job = _new_job(call, model, given, read, wire.field(batch, "displayName"))
    seen = job_faults.sight(texts.sent(call.state, job, see), call.faults)
    with call.state.writing() as db:
        if is_admitted := _is_admitted(call, db, job, model):
            job = job_faults.born(db, job, call.faults, seen)
            job = media_uses.outlived(job, read.media_uses)
            jobs.insert(db, job)
            media_uses.insert(db, job, read.media_uses)
    if not is_admitted:
        raise quota_exceeded()
    return operation(call.state, job, now=call.now, mode=call.settings.vectors)


def _is_admitted(call: Call, db: sqlite3.Connection, job: Job, model: Model) -> bool:
    tier = call.settings.tier
    if quotas.is_exceeded(db, job, model, tier=tier, now=call.now):
        return False
    hidden = call.faults.get("hidden-quota")
    if hidden is None:
        return True
    share = hidden["fraction"]
    is_over = quotas.is_exceeded(db, job, model, tier=tier, now=call.now, share=share)
    return not is_over or armed.claim(db, "hidden-quota") is None


def _stored_input(call: Call, config: Mapping[str, Any]) -> _Input:
    file_name = wire.field(config, "fileName")
    if file_name and wire.field(config, "requests"):
        raise invalid_argument(
            "Invalid value at 'batch.input_config' (oneof), oneof field 'source' is already set. "
            "Cannot set 'requests'"
        )
    if isinstance(file_name, str) and file_name:
        row = files.find(call, file_name.removeprefix("files/"))
        return _Input(blob=row["blob"], source_file=row["file_id"])
    requests = wire.message_field(config, "requests").get("requests")
    if not isinstance(requests, list) or not requests:
        raise invalid_argument("* BatchCreateRequest.batch.input_config: no requests given\n")
    if len(call.body) > _LARGEST_INLINE_BYTES:
        raise invalid_argument(
            f"Request payload size exceeds the limit: {_LARGEST_INLINE_BYTES} bytes."
        )
    return _Input(blob=call.state.store_blob(encode_inlined(requests)), source_file=None)


def _new_job(
    call: Call, model: Model, given: _Input, read: Survey, display_name: str | None
) -> Job:
    latency_seconds = call.settings.latency_seconds
    if read.malformed is None:
        plan = jobs.plan_normal(call.now, latency_seconds)
    else:
        plan = jobs.plan_malformed(call.now, latency_seconds, read.malformed)
    return Job(
        job_id="".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH)),
        owner=call.owner,
        kind=model.kind,
        model=model.name,
        display_name=display_name,
        source_file=given.source_file,
        blob=given.blob,
        request_count=read.request_count,
        token_count=read.token_count,
        invalid_lines=read.invalid_lines,
        created_at=call.now,
        deleted_at=None,
        plan=plan,
    )


def find(call: Call, job_id: str) -> Job | None:
    """Return the caller's job of that id, if it is still shown."""
    with call.state.reading() as db:
        row = db.execute(
            "SELECT * FROM job WHERE job_id = ? AND owner = ? AND ends_at > ?"
            " AND (deleted_at IS NULL OR deleted_at > ?)",
            [job_id, call.owner, call.now - jobs.KEPT_SECONDS, call.now],
        ).fetchone()
    return None if row is None else jobs.decode_row(row)


def _named(call: Call) -> Job:
    job = find(call, call.path["job_id"])
    if job is None:
        raise batch_not_found()
    return job


def get(call: Call) -> dict[str, Any]:
    """Return the operation of a job (batches.get)."""
    return operation(call.state, _named(call), now=call.now, mode=call.settings.vectors)


def list_page(call: Call) -> dict[str, Any]:
    """List a page of jobs, newest first (batches.list); there is no filter (guess)."""
    wire.require_parameters(call.query, "pageSize", "pageToken", "returnPartialSuccess")
    if empty := listing_faults.empty_page(call.query.get("pageToken")):
        return empty
    size = wire.page_size(call.query.get("pageSize"), default=_DEFAULT_PAGE, limit=_LARGEST_PAGE)
    before = wire.decode_page_token(call.query.get("pageToken"))
    with call.state.reading() as db:
        rows = db.execute(
            "SELECT * FROM job WHERE owner = :owner AND ends_at > :oldest"
            " AND (deleted_at IS NULL OR deleted_at > :now)"
            " AND (listed_from IS NULL OR listed_from <= :now)"
            " AND (:before IS NULL OR sequence < :before) ORDER BY sequence DESC LIMIT :limit",
            {
                **{"owner": call.owner, "before": before, "limit": size + 1},
                **{"now": call.now, "oldest": call.now - jobs.KEPT_SECONDS},
            },
        ).fetchall()
    found = [jobs.decode_row(row) for row in rows]
    page: dict[str, Any] = {}
    if found:
        page["operations"] = [
            listed_operation(call.state, job, now=call.now, mode=call.settings.vectors)
            for job in found[:size]
        ]
    # A token is given only when more follows: the SDK breaks on an empty page.
    if len(found) > size:
        page["nextPageToken"] = wire.page_token(found[size - 1].sequence)
    return page


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a job (batches.cancel)."""
    job = _named(call)
    with call.state.writing() as db:
        jobs.cancel(db, job.job_id, call.now)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Hide a job from its client (batches.delete); the job goes on and fills its quota.

    A long-running operation is not cancelled by deleting it (google.longrunning).
    """
    job = _named(call)
    with call.state.writing() as db:
        db.execute("UPDATE job SET deleted_at = ? WHERE job_id = ?", [call.now, job.job_id])
    return {}
