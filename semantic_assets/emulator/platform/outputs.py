"""The answers of an ended job as objects in its output folder.

Nothing ever moves a job, so they are written when somebody next asks for jobs or objects. Not here:
what an answer is.
"""

from collections.abc import Iterable, Iterator

import orjson

from semantic_assets.emulator.faults import job_faults
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.errors import (
    CANCELLED_CODE,
    DEADLINE_EXCEEDED_CODE,
    INTERNAL_CODE,
    INVALID_ARGUMENT_CODE,
    PERMISSION_DENIED_CODE,
)
from semantic_assets.emulator.jobs import jobs, results
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.platform.folders import files_of
from semantic_assets.emulator.platform.objects import Buckets, parse_uri
from semantic_assets.emulator.settings import read_settings
from semantic_assets.emulator.state import State

#: By google.rpc code: the HTTP code, the word and the phrase (guess, but for code 3).
_STATUSES: dict[object, tuple[int, str, str]] = {
    CANCELLED_CODE: (499, "CANCELLED", "Client Closed Request"),
    INVALID_ARGUMENT_CODE: (400, "INVALID_ARGUMENT", "Bad Request"),
    DEADLINE_EXCEEDED_CODE: (504, "DEADLINE_EXCEEDED", "Gateway Timeout"),
    PERMISSION_DENIED_CODE: (403, "PERMISSION_DENIED", "Forbidden"),
    8: (429, "RESOURCE_EXHAUSTED", "Too Many Requests"),
    INTERNAL_CODE: (500, "INTERNAL", "Internal Server Error"),
    14: (503, "UNAVAILABLE", "Service Unavailable"),
}
_LATE, _HALF = "output-folder-late", "output-folder-half-written"


def deliver(state: State, now: float) -> None:
    """Write what ended jobs have not written yet."""
    with state.reading() as db:
        rows = db.execute(
            "SELECT * FROM job WHERE output_prefix IS NOT NULL AND ends_at <= ?"
            " AND job_id NOT IN (SELECT job_id FROM delivery WHERE is_whole)",
            [now],
        ).fetchall()
    for row in rows:
        _deliver(state, jobs.decode_row(row), now)


def _deliver(state: State, job: Job, now: float) -> None:
    late = job.fault(_LATE)
    if late and now < job.plan.ends_at + late.parameters["seconds"]:
        return
    half = job.fault(_HALF)
    is_whole = not half or now >= job.plan.ends_at + half.parameters["seconds"]
    if job.has_output(now):
        answering = job_faults.answered_by(state, job, now)
        pieces = results.ResultFile(state=state, job=answering, mode=_vectors(state))
        for number, (uri, lines) in enumerate(files_of(job, _lines(pieces, job))):
            if number and not is_whole:
                break
            bucket, key = parse_uri(uri)
            Buckets(state).write(bucket, key, lines if is_whole else _half(lines))
    with state.writing() as db:
        db.execute("INSERT OR REPLACE INTO delivery VALUES (?, ?)", [job.job_id, is_whole])


def _half(pieces: Iterable[bytes]) -> Iterator[bytes]:
    content = b"".join(pieces)
    yield content[: len(content) // 2]


def _lines(pieces: Iterable[bytes], job: Job) -> Iterator[bytes]:
    for piece in pieces:
        for line in piece.splitlines(keepends=True):
            yield _laid_out(line, job)


def _laid_out(line: bytes, job: Job) -> bytes:
    """Return a line as this service writes it: an error is a `status`, and there is a time."""
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line  # a fault has broken it
    error = answer.pop("error", None)
    answer.setdefault("status", "" if error is None else _status(error))
    answer["processed_time"] = wire.timestamp(job.plan.ends_at)
    answer.setdefault("response", {})
    return orjson.dumps(answer) + b"\n"


def _status(error: object) -> str:
    """Word an error as one line of live has it (generative-ai 1308): a phrase, and JSON in a text."""
    if not isinstance(error, dict):
        return str(error)
    code, word, phrase = _STATUSES.get(error.get("code"), _STATUSES[INTERNAL_CODE])
    said = {"code": code, "message": error.get("message") or "Internal error.", "status": word}
    return f"{phrase}: {orjson.dumps({'error': said}).decode()}"


def _vectors(state: State) -> str:
    with state.reading() as db:
        return read_settings(db).vectors
