"""The files that requests of a job name, and those of them that are lost to it.

A job needs a file until it has ended: if the file is deleted before, or has expired when the job
starts, its requests end as error lines. Not here: what a file shows.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from semantic_assets.emulator.jobs.jobs import Job


@dataclass(frozen=True, kw_only=True)
class MediaUse:
    """A file that requests of a new job name."""

    file_id: str
    file_sequence: int
    expires_at: float
    #: positions of those requests
    lines: list[int] = field(default_factory=list)


def outlived(job: Job, uses: Iterable[MediaUse]) -> Job:
    """Return the job with error lines where a file will have expired when it starts."""
    late = {n for use in uses if use.expires_at <= job.plan.starts_at for n in use.lines}
    return replace(job, invalid_lines=tuple(sorted(late.union(job.invalid_lines)))) if late else job


def insert(db: sqlite3.Connection, job: Job, uses: Iterable[MediaUse]) -> None:
    """Store the files that a new job needs."""
    db.executemany(
        "INSERT OR IGNORE INTO media_use VALUES (?, ?, ?, ?, ?)",
        (
            (
                *(job.job_id, use.file_id, use.file_sequence),
                *(json.dumps(use.lines), use.expires_at <= job.plan.starts_at),
            )
            for use in uses
        ),
    )


def lose(db: sqlite3.Connection, file_sequence: int, now: float) -> None:
    """Let the requests for a deleted file fail, in the jobs that have not ended."""
    rows = db.execute(
        "SELECT job_id, lines, invalid_lines FROM media_use JOIN job USING (job_id)"
        " WHERE file_sequence = ? AND ends_at > ?",
        [file_sequence, now],
    ).fetchall()
    for row in rows:
        lines = sorted({*json.loads(row["lines"]), *json.loads(row["invalid_lines"])})
        db.execute(
            "UPDATE job SET invalid_lines = ? WHERE job_id = ?", [json.dumps(lines), row["job_id"]]
        )
        db.execute(
            "UPDATE media_use SET is_lost = 1 WHERE job_id = ? AND file_sequence = ?",
            [row["job_id"], file_sequence],
        )


def of_job(db: sqlite3.Connection, job_id: str) -> Mapping[str, dict[str, Any]]:
    """Return the rows of the files a job can read, by id."""
    rows = db.execute(
        "SELECT file.* FROM media_use JOIN file ON file.sequence = media_use.file_sequence"
        " WHERE job_id = ? AND NOT is_lost",
        [job_id],
    ).fetchall()
    return {row["file_id"]: dict(row) for row in rows}
