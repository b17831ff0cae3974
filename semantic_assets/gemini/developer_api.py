"""Batch jobs through Google's Gemini Developer API: files, jobs and answers of one key."""

import io
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from semantic_assets.batching.packing import JobLimits
from semantic_assets.errors import GeminiUnavailable, RequestRejected
from semantic_assets.gemini.batch_service import DEVELOPER_DEADLINES
from semantic_assets.gemini.connections import Connections, quick
from semantic_assets.gemini.faults import Method
from semantic_assets.gemini.sdk_batches import SdkBatches, name_of
from semantic_assets.gemini.transfers import LinesFile, Receiver, VerifiedFile, passing_on
from semantic_assets.gemini.wire import Listing, read_operation

_UPLOAD_MS, _DOWNLOAD_MS = 300_000, 600_000
#: Video is ACTIVE some seconds after its upload; a request that names it before that is refused.
_MEDIA_LOOKS, _MEDIA_PAUSE_SECONDS = 60, 2.0
_ALL_PAGES = 10_000
#: The docs use `jsonl`; each type was refused at some time (python-genai #1547, #1590).
_MIME_TYPES = ("jsonl", "application/jsonl", "application/json", "text/plain")


class DeveloperApi(SdkBatches):
    """What `BatchService` says, of one key."""

    deadlines = DEVELOPER_DEADLINES
    limits = JobLimits()
    answers_grow = False

    def __init__(self, connections: Connections) -> None:
        super().__init__(connections, path="batches", listed_as="operations", reader=read_operation)

    def upload(
        self, lines: Callable[[], Iterable[bytes]], *, name: str, check: Callable[[], None]
    ) -> str:
        """Upload lines, made anew by each call of `lines`, and return their `files/...` name.

        `check` is called before each part is read; if it raises, the upload stops.
        """
        with passing_on(LinesFile(lines, check)) as file:
            for mime_type in _MIME_TYPES[:-1]:
                with suppress(RequestRejected):
                    return self._upload(file, mime_type, name)[0]
                file.seek(0)
            return self._upload(file, _MIME_TYPES[-1], name)[0]

    def upload_media(
        self, path: Path, *, mime: str, display_name: str, check: Callable[[], None]
    ) -> tuple[str, str]:
        """Upload an image, audio or video and return its `files/...` name and uri for requests.

        Raises:
            TransientError: Google has not finished processing it.
        """
        with VerifiedFile(path, check) as file:
            name, uri, state = self._upload(file, mime, display_name)
        for _ in range(_MEDIA_LOOKS):
            if state not in ("PROCESSING", "STATE_UNSPECIFIED"):
                break
            time.sleep(_MEDIA_PAUSE_SECONDS)
            with self._asking(Method.FILE):
                state = _state(self._client.files.get(name=name, config=quick()))
        if state == "FAILED":
            raise RequestRejected(f"{path.name}: Google cannot read it as {mime}")
        if state == "PROCESSING":
            raise GeminiUnavailable(f"{path.name}: Google is still looking at it", sent=False)
        return name, uri

    def _upload(
        self, file: io.RawIOBase, mime_type: str, display_name: str
    ) -> tuple[str, str, str]:
        with self._asking(Method.UPLOAD):
            uploaded = self._client.files.upload(
                file=file,
                config={
                    "mime_type": mime_type,
                    "display_name": display_name,
                    "http_options": {"timeout": _UPLOAD_MS},
                },
            )
        return str(uploaded.name), str(uploaded.uri), _state(uploaded)

    def create_embedding_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """Create an embedding job, the paid call, and return its remote name.

        Raises:
            RateLimited, ScopePaused: nothing was created.
            RequestRejected: nothing was created, and a rerun of this request never creates it.
            GeminiUnavailable: if `sent`, a job may exist; otherwise none does.
        """
        with self._creating():
            job = self._client.batches.create_embeddings(
                model=model,
                src={"file_name": input_file},
                config={"display_name": display_name},
            )
            return name_of(job.name)

    def create_generation_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """As `create_embedding_job`, of a file of generation requests."""
        with self._creating():
            job = self._client.batches.create(
                model=model, src=input_file, config={"display_name": display_name}
            )
            return name_of(job.name)

    def look_for(self, display_names: Iterable[str]) -> Listing:
        """List all jobs: there is no filter."""
        return self.list_jobs(max_pages=_ALL_PAGES)

    def download(self, file: str, receive: Callable[[bytes], object], *, of: str) -> None:
        """Hand over a result file in parts of up to 1 MB, as they come in; its name says whose."""
        with passing_on(Receiver(receive)) as receiver, self._asking(Method.FILE):
            self._client.files.download(
                file=file,
                destination=receiver,
                config={"http_options": {"timeout": _DOWNLOAD_MS}},
            )

    def list_files(self) -> list[tuple[str, str]]:
        """(name, display name) of every uploaded file of the key."""
        with self._asking(Method.FILE):
            files = list(self._client.files.list(config=quick(page_size=100)))
        return [(str(file.name), file.display_name or "") for file in files]

    def delete_file(self, name: str) -> None:
        with self._asking(Method.FILE):
            self._client.files.delete(name=name, config=quick())

    def delete_answers(self, file: str | None, *, of: str) -> None:
        """Leave a result file, which cannot be deleted: its id is too long."""


def _state(file: Any) -> str:
    return str(getattr(file.state, "name", None) or "ACTIVE")
