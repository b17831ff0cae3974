"""Batch jobs through Google's Gemini Developer API: files, jobs and answers of one key.

The create call costs money and is not idempotent, so: one attempt, no redirects (a 307 repeats the
POST and carries the key along), the sync client only (the async one re-sends), explicit URL and key.
"""

import io
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from semantic_assets.batching.packing import JobLimits
from semantic_assets.errors import GeminiUnavailable, RemoteMissing, RequestRejected
from semantic_assets.gemini.batch_service import DEVELOPER_DEADLINES
from semantic_assets.gemini.connections import QUICK_MS, Connections, quick
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.gemini.transfers import LinesFile, Receiver, VerifiedFile, passing_on
from semantic_assets.gemini.wire import Listing, RemoteJob, read_operation
from semantic_assets.text.foreign import scrubbed

if TYPE_CHECKING:
    from google import genai

_UPLOAD_MS, _DOWNLOAD_MS = 300_000, 600_000
#: Video is ACTIVE some seconds after its upload; a request that names it before that is refused.
_MEDIA_LOOKS, _MEDIA_PAUSE_SECONDS = 60, 2.0
_PAGE_SIZE, _ALL_PAGES = 100, 10_000
#: The docs use `jsonl`; each type was refused at some time (python-genai #1547, #1590).
_MIME_TYPES = ("jsonl", "application/jsonl", "application/json", "text/plain")


class DeveloperApi:
    """What `BatchService` says, of one key."""

    deadlines = DEVELOPER_DEADLINES
    limits = JobLimits()
    answers_grow = False

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @property
    def _client(self) -> "genai.Client":
        return self._connections.client

    @property
    def _secret(self) -> str | None:
        return self._connections.endpoint.secret

    def _asking(self, method: Method) -> AbstractContextManager[None]:
        return translated(method, secret=self._secret)

    @contextmanager
    def _creating(self) -> Iterator[None]:
        with self._asking(Method.CREATE), warnings.catch_warnings():
            # "Experimental", and states the SDK does not know: under -W error a warning would
            # hide the answer to a call that was paid for.
            warnings.simplefilter("ignore")
            yield

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
            return _name_of(job.name)

    def create_generation_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """As `create_embedding_job`, of a file of generation requests."""
        with self._creating():
            job = self._client.batches.create(
                model=model, src=input_file, config={"display_name": display_name}
            )
            return _name_of(job.name)

    def get(self, name: str) -> RemoteJob:
        """Return a job as the remote reports it.

        Raises:
            RemoteMissing: the remote knows no such job.
        """
        return self._read(self._raw(name))

    def list_jobs(self, *, max_pages: int) -> Listing:
        """List jobs, newest first, from at most `max_pages` pages; empty pages do not end it."""
        jobs: list[RemoteJob] = []
        token, seen = "", set[str]()
        for _ in range(max_pages):
            page = self._page(token)
            operations = page.get("operations") or []
            jobs.extend(self._read(item) for item in operations if isinstance(item, dict))
            token = quote(str(page.get("nextPageToken") or ""))
            if not token:
                return Listing(tuple(jobs), complete=True)
            if token in seen:  # 910 pages of the same were followed
                break
            seen.add(token)
        return Listing(tuple(jobs), complete=False)

    def _read(self, operation: dict[str, Any]) -> RemoteJob:
        """Read a job; of its texts the message alone is Google's prose, and may hold the key."""
        job = read_operation(operation)
        message = job.error_message
        return replace(job, error_message=message and scrubbed(message, self._secret))

    def _page(self, token: str) -> dict[str, Any]:
        try:
            return self._raw(f"batches?pageSize={_PAGE_SIZE}" + (token and f"&pageToken={token}"))
        except RemoteMissing as error:  # of no job in particular: an outage
            raise GeminiUnavailable(f"the listing answered {error}") from error

    def _raw(self, path: str) -> dict[str, Any]:
        """Return the raw JSON of a GET, of which the SDK drops parts."""
        from google.genai import types

        with self._asking(Method.JOB):
            response = self._client._api_client.request(
                "get", path, {}, types.HttpOptions(timeout=QUICK_MS)
            )
            found = orjson.loads(response.body or "{}")
        return found if isinstance(found, dict) else {}

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

    def cancel(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.cancel(name=name, config=quick())

    def delete_job(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.delete(name=name, config=quick())

    def delete_file(self, name: str) -> None:
        with self._asking(Method.FILE):
            self._client.files.delete(name=name, config=quick())

    def delete_answers(self, file: str) -> None:
        """Leave a result file, which cannot be deleted: its id is too long."""


def _state(file: Any) -> str:
    return str(getattr(file.state, "name", None) or "ACTIVE")


def _name_of(name: str | None) -> str:
    if not name:
        raise ValueError("the answer to the create call names no job")
    return name
