"""Downloaded answers, decoded, kept on this machine until their job is final.

An answer whose canary could not be run was downloaded again every 30 seconds. A file is kept when
it answered each text, and is used again only if its size and digest are what they were: another
machine has its own copy, or downloads its own. It is the results file to be: what Google sent,
three times its size, is decoded as it comes in and never written down.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semantic_assets.lake import layout
from semantic_assets.model.batch_job import FINAL, BatchJob
from semantic_assets.pipeline.pending.broken_files import digest_of
from semantic_assets.store import Store
from semantic_assets.system import durable

#: A job the ledger does not know may be recovered, as long as Google can show it.
_UNKNOWN_SECONDS = 50 * 3_600.0


@contextmanager
def making(store: Store, job: BatchJob) -> Iterator[Path]:
    """Yield an empty private file for a job's answers; it is gone after the block, unless kept."""
    path = store.lake.path(f"downloads/.{job.job_id}.{uuid.uuid4().hex}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield durable.make_private(path)
    finally:
        path.unlink(missing_ok=True)


def keep(store: Store, job: BatchJob, result_file: str, path: Path) -> Path:
    """Keep answers that proved whole, and return where."""
    kept = store.lake.path(layout.download(job.job_id))
    path.replace(kept)
    note = {"result_file": result_file, **_measured(kept)}
    with durable.replacing(store.lake.path(layout.download_note(job.job_id))) as temporary:
        temporary.write_text(json.dumps(note))
    return kept


def kept(store: Store, job_id: str, result_file: str) -> Path | None:
    """Return the answers from this result file if they are here and unchanged; else drop them."""
    path = store.lake.path(layout.download(job_id))
    try:
        note = json.loads(store.lake.path(layout.download_note(job_id)).read_text())
        if note == {"result_file": result_file, **_measured(path)}:
            return path
    except (OSError, ValueError):
        pass
    drop(store, job_id)
    return None


def is_noted(store: Store, job: BatchJob) -> bool:
    """Return whether answers are kept here, without reading them."""
    return store.lake.path(layout.download_note(job.job_id)).is_file()


def drop(store: Store, job_id: str) -> None:
    """Delete what is kept of a job; its note first, without which the file is nothing."""
    for name in (layout.download_note(job_id), layout.download(job_id)):
        store.lake.path(name).unlink(missing_ok=True)


def leftovers(store: Store) -> list[Path]:
    """List what is kept of jobs that are final, or of none: another machine collected them."""
    oldest = store.ledger.now() - _UNKNOWN_SECONDS
    return [
        path
        for path in sorted(store.lake.path("downloads").glob("[!.]*"))
        if _is_over(store, path, oldest)
    ]


def sweep(store: Store) -> None:
    """Delete the leftovers."""
    for path in leftovers(store):
        path.unlink(missing_ok=True)


def _is_over(store: Store, path: Path, oldest: float) -> bool:
    if not store.ledger.jobs.exists(path.stem):
        return path.exists() and path.stat().st_mtime < oldest
    return store.ledger.jobs.find(path.stem).state in FINAL


def _measured(path: Path) -> dict[str, Any]:
    digest, size = digest_of(path)
    return {"size": size, "sha256": digest}
