"""The emulator's own interface: its clock, its faults, and evidence of what clients did.

Its calls need no key and are not counted; Google has none of them.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

from semantic_assets.emulator import clock
from semantic_assets.emulator.faults import armed
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call, Stream
from semantic_assets.emulator.http.errors import batch_not_found, invalid_argument
from semantic_assets.emulator.jobs import jobs, texts
from semantic_assets.emulator.jobs.inputs import groups
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.jobs.texts import SentText


def read_clock(call: Call) -> dict[str, Any]:
    """Return the clock (GET /emulator/clock)."""
    with call.state.reading() as db:
        return _described_clock(db)


def set_clock(call: Call) -> dict[str, Any]:
    """Set the clock: POST /emulator/clock {"advance_seconds": S} | {"freeze": true | false}."""
    message = call.message()
    seconds = message.get("advance_seconds", 0)
    if not isinstance(seconds, int | float):
        raise invalid_argument("advance_seconds must be a number.")
    with call.state.writing() as db:
        if "freeze" in message:
            clock.freeze(db) if message["freeze"] else clock.unfreeze(db)
        clock.advance(db, float(seconds))
        return _described_clock(db)


def _described_clock(db: sqlite3.Connection) -> dict[str, Any]:
    now = clock.now(db)
    return {"now": wire.timestamp(now), "seconds": now, "frozen": clock.is_frozen(db)}


def read_state(call: Call) -> dict[str, Any]:
    """Return the whole state, of all keys and with deleted rows (GET /emulator/state)."""
    with call.state.reading() as db:
        job_rows = db.execute("SELECT * FROM job ORDER BY sequence").fetchall()
        file_rows = db.execute("SELECT * FROM file ORDER BY sequence").fetchall()
        call_rows = db.execute("SELECT * FROM call ORDER BY endpoint").fetchall()
    return {
        "now": wire.timestamp(call.now),
        "settings": {
            "tier": call.settings.tier,
            "latencySeconds": call.settings.latency_seconds,
            "vectors": call.settings.vectors,
        },
        "jobs": [_described_job(jobs.decode_row(row), call.now) for row in job_rows],
        "files": [_described_file(row, call.now) for row in file_rows],
        "calls": {row["endpoint"]: row["count"] for row in call_rows},
    }


def _described_job(job: Job, now: float) -> dict[str, Any]:
    return {
        "name": f"batches/{job.job_id}",
        "displayName": job.display_name,
        "model": job.model,
        "state": job.state(now).value,
        "requestCount": job.request_count,
        "tokens": job.token_count,
        "created": wire.timestamp(job.created_at),
        "deleted": job.is_deleted(now),
        "faults": [{"name": fault.name, "parameters": fault.parameters} for fault in job.faults],
    }


def _described_file(row: sqlite3.Row, now: float) -> dict[str, Any]:
    return {
        "name": f"files/{row['file_id']}",
        "displayName": row["display_name"],
        "sizeBytes": row["size_bytes"],
        "created": wire.timestamp(row["created_at"]),
        "deleted": row["deleted_at"] is not None,
        "expired": row["expires_at"] <= now,
    }


def read_texts(call: Call) -> Stream:
    """Stream each request ever sent in a job (GET /emulator/jobs/{id}/texts): {"key", "text"}.

    Where media go with it, {"media"} has their SHA-256 too.
    """
    with call.state.reading() as db:
        row = db.execute("SELECT * FROM job WHERE job_id = ?", [call.path["job_id"]]).fetchone()
    if row is None:
        raise batch_not_found()
    return Stream(media_type="application/jsonl", pieces=_texts(call, jobs.decode_row(row)))


def _texts(call: Call, job: Job) -> Iterator[bytes]:
    for group in groups(texts.sent(call.state, job)):
        sent = [_described_text(request) for request in group]
        yield b"".join(wire.encode(request) + b"\n" for request in sent)


def _described_text(request: SentText) -> dict[str, Any]:
    described: dict[str, Any] = {"key": request.line.key, "text": request.text}
    return {**described, "media": request.media} if request.media else described


def read_faults(call: Call) -> dict[str, Any]:
    """List the armed faults (GET /emulator/faults)."""
    return {"faults": armed.described(call.state)}


def arm_fault(call: Call) -> dict[str, Any]:
    """Arm a fault: POST /emulator/faults {"name", "times", "for_seconds", "parameters"}.

    `times` and `for_seconds` are its limits; null: none, it lasts until it is disarmed.
    """
    message = call.message()
    armed.arm(
        call.state,
        str(message.get("name")),
        times=message.get("times"),
        for_seconds=message.get("for_seconds"),
        parameters=wire.message_field(message, "parameters"),
    )
    return read_faults(call)


def disarm_fault(call: Call) -> dict[str, Any]:
    """Disarm one fault or all (DELETE /emulator/faults/{name} or /emulator/faults)."""
    armed.disarm(call.state, call.path.get("name"))
    return read_faults(call)
