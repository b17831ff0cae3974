"""The only user of google.genai: uploads, batch jobs, downloads, real-time embeddings.

The create call costs money and is not idempotent, so: one attempt, no redirects (a 307 repeats the
POST and carries the key along), the sync client only (the async one re-sends), explicit URL and key.
"""

import io
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import orjson

from semantic_assets.errors import CorruptResult, GeminiUnavailable, RemoteMissing, RequestRejected
from semantic_assets.gemini.connections import Connections
from semantic_assets.gemini.embedding_calls import call_groups, checked_vectors, embed_group
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.gemini.transfers import LinesFile, Receiver, VerifiedFile, passing_on
from semantic_assets.gemini.wire import Listing, RemoteJob, read_operation
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.text.foreign import scrubbed

_QUICK_MS, _UPLOAD_MS, _DOWNLOAD_MS = 15_000, 300_000, 600_000
_GENERATE_MS = 300_000
#: Video is ACTIVE some seconds after its upload; a request that names it before that is refused.
_MEDIA_LOOKS, _MEDIA_PAUSE_SECONDS = 60, 2.0
_PAGE_SIZE = 100
#: The docs use `jsonl`; each type was refused at some time (python-genai #1547, #1590).
_MIME_TYPES = ("jsonl", "application/jsonl", "application/json", "text/plain")


class Gemini(Connections):
    """A client of one scope. Connections and emulators start only with the first call."""

    @property
    def scope_id(self) -> str:
        return self.endpoint.scope_id

    def _asking(self, method: Method) -> AbstractContextManager[None]:
        return translated(method, secret=self.endpoint.secret)

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
                state = _state(self._client.files.get(name=name, config=_quick()))
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

    def generate(self, model: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one generation request in real time, as the API's JSON.

        The body is the same as in a batch file's line; the SDK would write another.
        """
        from google.genai import types

        with self._asking(Method.ANSWER):
            answer = self._client._api_client.request(
                "post",
                f"models/{model}:generateContent",
                request,
                types.HttpOptions(timeout=_GENERATE_MS),
            )
            found = orjson.loads(answer.body or "{}")
        return found if isinstance(found, dict) else {}

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
        return replace(job, error_message=message and scrubbed(message, self.endpoint.secret))

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
                "get", path, {}, types.HttpOptions(timeout=_QUICK_MS)
            )
            found = orjson.loads(response.body or "{}")
        return found if isinstance(found, dict) else {}

    def download(self, file: str, receive: Callable[[bytes], object]) -> None:
        """Hand over a result file in parts of up to 1 MB, as they come in.

        What `receive` raises ends the download and is raised as it is.
        """
        with passing_on(Receiver(receive)) as receiver, self._asking(Method.FILE):
            self._client.files.download(
                file=file,
                destination=receiver,
                config={"http_options": {"timeout": _DOWNLOAD_MS}},
            )

    def list_files(self) -> list[tuple[str, str]]:
        """(name, display name) of every uploaded file of the key."""
        with self._asking(Method.FILE):
            files = list(self._client.files.list(config=_quick(page_size=100)))
        return [(str(file.name), file.display_name or "") for file in files]

    def cancel(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.cancel(name=name, config=_quick())

    def delete_job(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.delete(name=name, config=_quick())

    def delete_file(self, name: str) -> None:
        with self._asking(Method.FILE):
            self._client.files.delete(name=name, config=_quick())

    def count_tokens(self, model: str, text: str) -> int:
        """Count the tokens of one text; embedding models answer too, and nothing is charged."""
        with self._asking(Method.ANSWER):
            answer = self._client.models.count_tokens(model=model, contents=text, config=_quick())
            if not answer.total_tokens:
                raise CorruptResult(f"{model}: the answer to countTokens has no count")
            return answer.total_tokens

    def embed_queries(
        self, space: EmbeddingSpace, queries: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """Embed queries, as many a call as it takes; unit vectors, shape (n, dimensions)."""
        texts = [space.query_text(query) for query in queries]
        return self._embed(space, texts, space.query_task)

    def embed_documents(
        self, space: EmbeddingSpace, vector_texts: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """Embed texts in real time, as many a call as it takes; unit vectors (n, dimensions).

        Raises:
            IncompleteAnswer: a call answered fewer embeddings than asked; it may have been billed.
        """
        texts = [space.document_text(text) for text in vector_texts]
        return self._embed(space, texts, space.document_task)

    def _embed(
        self, space: EmbeddingSpace, texts: Sequence[str], task: str | None
    ) -> npt.NDArray[np.float32]:
        vectors = [np.empty((0, space.dimensions), np.float32)]
        for group in call_groups(texts, str):
            with self._asking(Method.ANSWER):
                found = embed_group(self._posts, space, group, task)
            vectors.append(checked_vectors(space, group, found))
        return np.concatenate(vectors)


def _state(file: Any) -> str:
    return str(getattr(file.state, "name", None) or "ACTIVE")


def _name_of(name: str | None) -> str:
    if not name:
        raise ValueError("the answer to the create call names no job")
    return name


def _quick(**more: Any) -> Any:
    return {"http_options": {"timeout": _QUICK_MS}, **more}
