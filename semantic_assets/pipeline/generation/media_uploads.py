"""Media of a generation job at Google: uploaded before its request file, deleted when it is over.

Each name is durable before the next file is uploaded. A file that a crash leaves in between carries
the job's display name, so `cleanup` finds it; Google deletes it after two days in any case.
"""

from collections.abc import Iterator
from pathlib import Path

from semantic_assets.batching.generation_requests import Ask
from semantic_assets.errors import PermanentError, RequestRejected, SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_requests, note_unsent
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.parsing.media import media_hash
from semantic_assets.parsing.records import Unreadable
from semantic_assets.store import Store


def asks(store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[Ask]:
    """Yield the requests of a job's manifest, uploading each media file in its turn.

    A file that is gone, or has changed since its shard was read, is left out, and noted: the next
    listing finds the change. So is one that Google does not take.
    """

    def leave_out(key: str, reason: str) -> None:
        note_unsent(store.lake, planned.job.job_id, key, reason)
        store.report_progress(reason)

    for row in manifest_requests(store.lake, planned.job.job_id):
        key, prompt = row["text_hash"], row["vector_text"]
        if row["media_uri"] is None:
            yield Ask(key, prompt)
            continue
        changed = f"{row['media_uri']} has changed since it was read: it is not sent"
        path = _unchanged(store, row["media_uri"], row["media_hash"])
        if path is None:
            leave_out(key, changed)
            continue
        try:
            uri = _upload(store, gemini, planned, key, path, row["mime"])
        except RequestRejected as error:  # this file only: the others of the job are sent
            leave_out(key, f"{row['media_uri']} is not taken by Google, and not sent: {error}")
            continue
        # It may have changed during the upload.
        if _unchanged(store, row["media_uri"], row["media_hash"]) is None:
            leave_out(key, changed)
            continue
        yield Ask(key, prompt, file_uri=uri, mime=row["mime"])


def _unchanged(store: Store, uri: str, media: str) -> Path | None:
    """Return the path of a file with this hash; None if it has another, or is not to be read."""
    try:
        path = store.sources.local(uri)
        return path if media_hash(path) == media else None
    except (OSError, Unreadable):
        return None


def _upload(
    store: Store, gemini: Gemini, planned: PlannedJob, key: str, path: Path, mime: str
) -> str:
    job = planned.job
    name, uri = gemini.batches.upload_media(
        path,
        mime=mime,
        display_name=f"{job.display_name}-{key[:8]}",
        check=planned.lease.require,
    )
    _note(store, job, name)
    return uri


def _note(store: Store, job: BatchJob, name: str) -> None:
    path = layout.uploads(job.job_id)
    store.lake.write_text(path, f"{store.lake.read_text(path) or ''}{name}\n")


def clear_uploads(store: Store, gemini: Gemini, job: BatchJob) -> None:
    """Delete the media of a job that is over, then the note of their names.

    The note stays if a file could not be deleted.
    """
    store.lake.delete(layout.unsent(job.job_id))
    path = layout.uploads(job.job_id)
    names = store.lake.read_text(path)
    if names is None:
        return
    for name in names.split():
        try:
            gemini.batches.delete_file(name)
        except PermanentError:
            continue  # gone already
        except SemanticAssetsError as error:
            store.report_progress(f"job {job.job_id}: {name} could not be deleted ({error})")
            return
    store.lake.delete(path)
