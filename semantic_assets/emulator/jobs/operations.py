"""Jobs as clients see them: Google's long-running operations (third-party live samples).

Not here: methods and rows.
"""

from typing import Any

from semantic_assets.emulator.faults import job_faults
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.jobs import results
from semantic_assets.emulator.jobs.catalogue import Kind, known_model
from semantic_assets.emulator.jobs.jobs import SUCCESSFUL, TERMINAL, Job, JobState
from semantic_assets.emulator.state import State

_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main."
_MESSAGES = {Kind.EMBED: "EmbedContentBatch", Kind.GENERATE: "GenerateContentBatch"}


def listed_operation(state: State, job: Job, *, now: float, mode: str) -> dict[str, Any]:
    """Return the operation of a job as a listing has it (live, third-party captures).

    One whose requests came inlined shows no output there, and all of them pending.
    """
    if job.source_file is not None:
        return operation(state, job, now=now, mode=mode)
    metadata, done = _metadata(job, job.state(now), now), job.state(now) in TERMINAL
    metadata["batchStats"] = _pending(job)
    described: dict[str, Any] = {"name": f"batches/{job.job_id}", "metadata": metadata}
    return {**described, "done": True} if done else described


def operation(state: State, job: Job, *, now: float, mode: str) -> dict[str, Any]:
    """Return the operation of a job; inlined results come with every look at it, twice."""
    job_state = job.state(now)
    metadata = _metadata(job, job_state, now)
    described: dict[str, Any] = {"name": f"batches/{job.job_id}", "metadata": metadata}
    if job_state in TERMINAL:
        described["done"] = True
    if job_state in SUCCESSFUL and not job_faults.is_output_late(job, now):
        output = _output(state, job, mode)
        if not job.fault("output-in-response-only"):
            metadata["output"] = output
        if not job.fault("output-in-metadata-only"):
            described["response"] = {"@type": f"{_TYPE}{_response_type(job)}", **output}
    elif job_state in TERMINAL - SUCCESSFUL:
        described["error"] = {"code": job.plan.error_code, "message": job.plan.error_message}
    return described


def _metadata(job: Job, job_state: JobState, now: float) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "@type": f"{_TYPE}{_MESSAGES[job.kind]}",
        "model": f"models/{job.model}",
        "createTime": wire.timestamp(job.created_at),
        "updateTime": wire.timestamp(job.changed_at(now)),
        "state": job_faults.shown_state(job, now),
        "name": f"batches/{job.job_id}",
    }
    if job.display_name is not None:
        metadata["displayName"] = job.display_name
    if job.source_file is not None:
        metadata["inputConfig"] = {"fileName": f"files/{job.source_file}"}
    if job_state in TERMINAL:
        metadata["endTime"] = wire.timestamp(job.plan.ends_at)
    if stats := _stats(job, job_state):
        metadata["batchStats"] = stats
    return metadata


def _stats(job: Job, job_state: JobState) -> dict[str, str]:
    total = job.request_count
    if job_state not in TERMINAL or job_state is JobState.CANCELLED:
        return _pending(job)
    if job_state in SUCCESSFUL:
        return wire.counts(
            requestCount=total,
            successfulRequestCount=total - job.failed_count,
            failedRequestCount=job.failed_count,
        )
    return wire.counts(requestCount=total)  # guess: live is not known


def _pending(job: Job) -> dict[str, str]:
    return wire.counts(requestCount=job.request_count, pendingRequestCount=job.request_count)


def _response_type(job: Job) -> str:
    # Live, gemini-embedding-2 repeats the type of the metadata (third-party capture of 2026-07-25).
    return _MESSAGES[job.kind] + ("" if known_model(job.model).has_usage else "Output")


def _output(state: State, job: Job, mode: str) -> dict[str, Any]:
    if job.source_file is not None:
        return {"responsesFile": f"files/batch-{job.job_id}"}
    responses = results.inlined_responses(state, job, mode)
    return {"inlinedResponses": {"inlinedResponses": responses}}
