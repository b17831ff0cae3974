"""The methods of batch prediction jobs: create, get, list, cancel, delete.

Creating twice makes two jobs. There is no window of enqueued tokens; a job may wait for 72 hours
(Google's docs). Not here: what answers are, and where they are written.
"""

import re
import secrets
from typing import Any

from semantic_assets.emulator.faults import job_faults, listing_faults
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import INTERNAL_CODE, GoogleError, invalid_argument
from semantic_assets.emulator.jobs import jobs, texts
from semantic_assets.emulator.jobs.catalogue import Model, find_model
from semantic_assets.emulator.jobs.jobs import SUCCESSFUL, TERMINAL, Job
from semantic_assets.emulator.jobs.survey import Survey, survey
from semantic_assets.emulator.media import media_objects, media_uses, viewing
from semantic_assets.emulator.platform import folders
from semantic_assets.emulator.platform.objects import Buckets, parse_uri
from semantic_assets.emulator.state import State

#: Google's docs: rows and bytes of one job, and how long it may be queued.
LARGEST_ROWS, LARGEST_BYTES = 1_000_000, 1_000_000_000
LONGEST_SECONDS = 72 * 3_600.0
_ID_DIGITS = 19
_DEFAULT_PAGE, _LARGEST_PAGE = 50, 100
_MODEL = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?publishers/google/models/([^/@]+)")
_FILTER = re.compile(r'\s*display_?[nN]ame\s*=\s*"([^"]*)"\s*')


def create(call: Call) -> dict[str, Any]:
    """Create a job (batchPredictionJobs.create)."""
    message = call.message()
    model = _model(call, wire.field(message, "model"))
    path, blob = _input(call, wire.message_field(message, "inputConfig"))
    prefix = _output_prefix(wire.message_field(message, "outputConfig"))
    see = viewing.of_caller(call)
    read = survey(call.state.blob_path(blob), model, see, is_inlined=False)
    job = _new_job(call, model, (path, blob, prefix), read, wire.field(message, "displayName"))
    seen = job_faults.sight(texts.sent(call.state, job, see), call.faults)
    with call.state.writing() as db:
        job = job_faults.born(db, job, call.faults, seen)
        jobs.insert(db, job)
        media_uses.insert(db, job, read.media_uses)
    return described(call, job)


def lose_object(state: State, uri: str, now: float) -> None:
    """Let the jobs that still need a deleted object find it gone."""
    said = f"The file {uri} cannot be read or does not exist."
    with state.writing() as db:
        rows = db.execute("SELECT blob FROM job WHERE source_file = ?", [uri]).fetchall()
        for row in rows:
            jobs.lose_input(db, row["blob"], said, now)
        media_objects.lose(db, uri, now)


def _model(call: Call, name: object) -> Model:
    found = _MODEL.fullmatch(str(name))
    if found is None:
        raise invalid_argument(f"Invalid resource name of a model: {name!r}.")
    return find_model(found[1], kind=None, version=call.version, method="batchPredictionJobs")


def _input(call: Call, config: Any) -> tuple[str, str]:
    """Return the URI of the input, and the blob into which it was copied."""
    if wire.field(config, "instancesFormat") != "jsonl":
        raise invalid_argument("instances_format must be jsonl for a Cloud Storage source.")
    uris = wire.message_field(config, "gcsSource").get("uris")
    if not isinstance(uris, list) or len(uris) != 1:
        raise invalid_argument("gcs_source.uris must name one file.")
    bucket, key = parse_uri(uris[0])
    buckets = Buckets(call.state)
    stored = buckets.find(bucket, key)
    if stored is None:
        raise GoogleError(404, f"The file {uris[0]} cannot be read or does not exist.")
    if stored.size > LARGEST_BYTES:
        raise invalid_argument(f"The input file exceeds {LARGEST_BYTES} bytes.")
    return uris[0], call.state.store_blob(buckets.read(bucket, key, 0, stored.size))


def _output_prefix(config: Any) -> str:
    if wire.field(config, "predictionsFormat") != "jsonl":
        raise invalid_argument("predictions_format must be jsonl.")
    prefix = wire.message_field(config, "gcsDestination")
    uri = wire.field(prefix, "outputUriPrefix")
    parse_uri(uri)
    return str(uri)


def _new_job(
    call: Call, model: Model, places: tuple[str, str, str], read: Survey, name: str | None
) -> Job:
    latency = call.settings.latency_seconds
    malformed = read.malformed
    if malformed is None and read.request_count > LARGEST_ROWS:
        malformed = f"The input file has more than {LARGEST_ROWS} rows."
    if malformed is None:
        plan = jobs.plan_normal(call.now, latency, longest_seconds=LONGEST_SECONDS)
    else:
        plan = jobs.plan_malformed(call.now, latency, malformed)
    return Job(
        job_id="".join(secrets.choice("123456789") for _ in range(_ID_DIGITS)),
        owner=call.owner,
        kind=model.kind,
        model=model.name,
        display_name=name,
        source_file=places[0],
        blob=places[1],
        output_prefix=places[2],
        request_count=read.request_count,
        token_count=read.token_count,
        invalid_lines=read.invalid_lines,
        created_at=call.now,
        deleted_at=None,
        plan=plan,
    )


def described(call: Call, job: Job) -> dict[str, Any]:
    """Return a job as its client sees it."""
    state = job.state(call.now)
    prefix = {"outputUriPrefix": job.output_prefix}
    message: dict[str, Any] = {
        "name": f"{_parent(call)}/batchPredictionJobs/{job.job_id}",
        "displayName": job.display_name,
        "model": f"publishers/google/models/{job.model}",
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [job.source_file]}},
        "outputConfig": {"predictionsFormat": "jsonl", "gcsDestination": prefix},
        "state": _state(job, call.now),
        "createTime": wire.timestamp(job.created_at),
        "updateTime": wire.timestamp(job.changed_at(call.now)),
    }
    if call.now >= job.plan.starts_at:
        message["startTime"] = wire.timestamp(job.plan.starts_at)
    if state in TERMINAL:
        message["endTime"] = wire.timestamp(job.plan.ends_at)
    if state in SUCCESSFUL and not job_faults.is_output_late(job, call.now):
        message["outputInfo"] = {"gcsOutputDirectory": folders.folder_of(job)}
    if state in SUCCESSFUL:
        message |= _told(job)
    elif state in TERMINAL:
        message["error"] = {"code": job.plan.error_code, "message": job.plan.error_message}
    return message


def _told(job: Job) -> dict[str, Any]:
    """Return what a job that has ended says of its rows, which need not agree with them."""
    succeeded, failed = job.request_count - job.failed_count, job.failed_count
    fault = job.fault("stats-disagree")
    shape = fault.parameters["shape"] if fault else None
    if shape == "none":
        return {}
    if shape == "too-many":
        succeeded += job.request_count
    if shape == "all-failed":
        succeeded, failed = 0, job.request_count
    told: dict[str, Any] = {
        "completionStats": wire.counts(successfulCount=succeeded, failedCount=failed)
    }
    if shape == "all-failed":
        told["error"] = {"code": INTERNAL_CODE, "message": "Internal error."}
    return told


def _state(job: Job, now: float) -> str:
    shown = job_faults.shown_state(job, now)
    if job.fault("job-state-spelling"):
        return shown  # as the fault spells it
    return f"JOB_STATE_{shown.removeprefix('BATCH_STATE_')}"


def _parent(call: Call) -> str:
    return f"projects/{call.path['project']}/locations/{call.path['location']}"


def _named(call: Call) -> Job:
    with call.state.reading() as db:
        row = db.execute(
            "SELECT * FROM job WHERE job_id = ? AND owner = ?"
            " AND (deleted_at IS NULL OR deleted_at > ?)",
            [call.path["job_id"], call.owner, call.now],
        ).fetchone()
    if row is None:
        name = f"{_parent(call)}/batchPredictionJobs/{call.path['job_id']}"
        raise GoogleError(404, f"The BatchPredictionJob {name!r} does not exist.")
    return jobs.decode_row(row)


def get(call: Call) -> dict[str, Any]:
    """Return a job (batchPredictionJobs.get)."""
    return described(call, _named(call))


def list_page(call: Call) -> dict[str, Any]:
    """List a page of jobs, newest first, with a filter on the display name."""
    wire.require_parameters(call.query, "pageSize", "pageToken", "filter", "readMask", "orderBy")
    if (empty := listing_faults.empty_page(call.query.get("pageToken"))) is not None:
        return empty
    size = wire.page_size(call.query.get("pageSize"), default=_DEFAULT_PAGE, limit=_LARGEST_PAGE)
    before = wire.decode_page_token(call.query.get("pageToken"))
    with call.state.reading() as db:
        rows = db.execute(
            "SELECT * FROM job WHERE owner = :owner AND (:name IS NULL OR display_name = :name)"
            " AND (deleted_at IS NULL OR deleted_at > :now)"
            " AND (listed_from IS NULL OR listed_from <= :now)"
            " AND (:before IS NULL OR sequence < :before) ORDER BY sequence DESC LIMIT :limit",
            {
                **{"owner": call.owner, "name": _wanted_name(call), "now": call.now},
                **{"before": before, "limit": size + 1},
            },
        ).fetchall()
    found = [jobs.decode_row(row) for row in rows]
    page: dict[str, Any] = {}
    if found:
        page["batchPredictionJobs"] = [described(call, job) for job in found[:size]]
    if len(found) > size:
        page["nextPageToken"] = wire.page_token(found[size - 1].sequence)
    return page


def _wanted_name(call: Call) -> str | None:
    text = call.query.get("filter")
    if not text:
        return None
    found = _FILTER.fullmatch(text)
    if found is None:
        raise invalid_argument(f"The filter {text!r} is not supported.")
    return found[1]


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a job (batchPredictionJobs.cancel)."""
    job = _named(call)
    with call.state.writing() as db:
        jobs.cancel(db, job.job_id, call.now)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete an ended job (batchPredictionJobs.delete); one that runs is refused."""
    job = _named(call)
    if job.state(call.now) not in TERMINAL:
        raise GoogleError(400, "The job is not in a final state.", status="FAILED_PRECONDITION")
    with call.state.writing() as db:
        db.execute("UPDATE job SET deleted_at = ? WHERE job_id = ?", [call.now, job.job_id])
    name = f"{_parent(call)}/operations/{job.job_id}"
    return {"name": name, "done": True, "response": {}}
