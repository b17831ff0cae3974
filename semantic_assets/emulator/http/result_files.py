"""Result files: described and downloaded like uploaded ones, and never deleted."""

import hashlib

from semantic_assets.emulator.faults import job_faults
from semantic_assets.emulator.http import batches, files
from semantic_assets.emulator.http.calls import Call, Reply, Stream
from semantic_assets.emulator.http.errors import file_not_accessible, invalid_argument
from semantic_assets.emulator.jobs.jobs import KEPT_SECONDS, Job
from semantic_assets.emulator.jobs.results import ResultFile

_PREFIX = "batch-"
_MIME_TYPE = "application/jsonl"


def get(call: Call) -> Reply:
    """Describe a file (files.get), a result file too (comment of 2026-09-11, python-genai 1759)."""
    if not call.path["file_id"].startswith(_PREFIX):
        return files.get(call)
    job = _ended(call)
    size, digest = 0, hashlib.sha256()
    for piece in _pieces(call, job):
        size += len(piece)
        digest.update(piece)
    row = {
        "file_id": call.path["file_id"],
        "display_name": None,
        "mime_type": _MIME_TYPE,
        "size_bytes": size,
        "sha256": digest.hexdigest(),
        "created_at": job.plan.ends_at,
        "expires_at": job.plan.ends_at + KEPT_SECONDS,  # guess: live is not known
    }
    return files.described(call, row, source="GENERATED")


def download(call: Call) -> Stream:
    """Stream a result file (files.download); an uploaded file cannot be downloaded."""
    file_id = call.path["file_id"]
    if not file_id.startswith(_PREFIX):
        files.find(call, file_id)
        raise invalid_argument(f"File {file_id} was uploaded and cannot be downloaded.")
    return Stream(media_type=_MIME_TYPE, pieces=_pieces(call, _ended(call)))


def _ended(call: Call) -> Job:
    file_id = call.path["file_id"]
    job = batches.find(call, file_id.removeprefix(_PREFIX))
    if job is None or job.source_file is None or not job.has_output(call.now):
        raise file_not_accessible(file_id)
    return job_faults.file_of(call.state, job, call.now)


def _pieces(call: Call, job: Job) -> ResultFile:
    return ResultFile(state=call.state, job=job, mode=call.settings.vectors)
