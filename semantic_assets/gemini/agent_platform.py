"""Batch jobs through Google's Agent Platform (Vertex AI): JSON Lines in Cloud Storage.

A job reads and writes below one prefix of the staging place, which is named after it:

    <staging>/<display name>/input.jsonl
    <staging>/<display name>/output/<a folder that the service makes>/*.jsonl

So another job's answers, and a folder that two runs wrote into, are never taken for its own. There is
no window of enqueued tokens; a job may wait 72 hours for its turn. The create call costs money and is
not idempotent: one attempt, no redirects, the sync client only.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from semantic_assets.batching.packing import JobLimits
from semantic_assets.errors import CorruptResult, GeminiUnavailable, RemoteMissing, RequestRejected
from semantic_assets.gemini.batch_service import Deadlines
from semantic_assets.gemini.connections import QUICK_MS, Connections, quick
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.gemini.staging import Staging
from semantic_assets.gemini.wire import Listing, RemoteJob, read_prediction_job
from semantic_assets.model.batch_job import parse_display_name
from semantic_assets.model.catalog import AGENT_PLATFORM_BYTES, AGENT_PLATFORM_ROWS
from semantic_assets.text.foreign import scrubbed

if TYPE_CHECKING:
    from google import genai

_HOUR = 3_600.0
_PAGE_SIZE = 100
_OUTPUT = "output"


class AgentPlatform:
    """What `BatchService` says, of one project and location."""

    #: 72 hours in the queue, and a day to run.
    deadlines = Deadlines(cancel=97 * _HOUR, abandon=121 * _HOUR)
    limits = JobLimits(requests=AGENT_PLATFORM_ROWS, bytes=AGENT_PLATFORM_BYTES, has_window=False)
    answers_grow = True

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @property
    def _client(self) -> "genai.Client":
        return self._connections.client

    @property
    def _staging(self) -> Staging:
        return self._connections.staging

    def _asking(self, method: Method) -> AbstractContextManager[None]:
        return translated(method, secret=self._connections.endpoint.secret)

    def upload(
        self, lines: Callable[[], Iterable[bytes]], *, name: str, check: Callable[[], None]
    ) -> str:
        """Write lines as the input of the job that `name` is of, and return its gs:// name.

        Raises:
            RequestRejected: they are more than one job may read.
        """

        def checked() -> Iterator[bytes]:
            size = 0
            for line in lines():
                check()
                size += len(line)
                if size > AGENT_PLATFORM_BYTES:
                    raise RequestRejected(
                        f"{name}: the input is over {AGENT_PLATFORM_BYTES:,} bytes"
                    )
                yield line

        return self._staging.write(f"{name.removesuffix('.jsonl')}/input.jsonl", checked())

    def upload_media(
        self, path: Path, *, mime: str, display_name: str, check: Callable[[], None]
    ) -> tuple[str, str]:
        """Write an image, audio or video beside its job's input; its name is its uri."""
        check()
        job = "-".join(display_name.split("-")[:3])
        key = f"{job}/media/{display_name}{path.suffix.lower()}"
        uri = self._staging.write(key, iter([path.read_bytes()]))
        return uri, uri

    def create_embedding_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """Create a job, the paid call, and return its name; it writes beside its input."""
        return self._create(model, input_file, display_name)

    def create_generation_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """As `create_embedding_job`, of a file of generation requests."""
        return self._create(model, input_file, display_name)

    def _create(self, model: str, input_file: str, display_name: str) -> str:
        dest = self._staging.uri(f"{display_name}/{_OUTPUT}")
        with self._creating():
            job = self._client.batches.create(
                model=model, src=input_file, config={"dest": dest, "display_name": display_name}
            )
            if not job.name:
                raise ValueError("the answer to the create call names no job")
            return job.name

    @contextmanager
    def _creating(self) -> Iterator[None]:
        with self._asking(Method.JOB):
            self._connections.sign_in()  # a refusal here comes before anything is sent
        with self._asking(Method.CREATE), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning would hide the answer to a paid call
            yield

    def get(self, name: str) -> RemoteJob:
        """Return a job as the service reports it."""
        return self._read(self._raw(name))

    def list_jobs(self, *, max_pages: int) -> Listing:
        """List the jobs of the project and location, newest first, anybody's."""
        jobs: list[RemoteJob] = []
        token, seen = "", set[str]()
        for _ in range(max_pages):
            page = self._page(f"pageSize={_PAGE_SIZE}" + (token and f"&pageToken={token}"))
            jobs.extend(self._jobs_of(page))
            token = quote(str(page.get("nextPageToken") or ""))
            if not token:
                return Listing(tuple(jobs), complete=True)
            if token in seen:
                break
            seen.add(token)
        return Listing(tuple(jobs), complete=False)

    def look_for(self, display_names: Iterable[str]) -> Listing:
        """List the jobs of these display names, by the service's own filter."""
        found = [job for name in display_names for job in self._named(name)]
        return Listing(tuple(found), complete=True)

    def _named(self, display_name: str) -> list[RemoteJob]:
        wanted = quote(f'displayName="{display_name}"')
        return self._jobs_of(self._page(f"filter={wanted}"))

    def _jobs_of(self, page: dict[str, Any]) -> list[RemoteJob]:
        found = page.get("batchPredictionJobs") or []
        return [self._read(item) for item in found if isinstance(item, dict)]

    def _page(self, query: str) -> dict[str, Any]:
        try:
            return self._raw(f"batchPredictionJobs?{query}")
        except RemoteMissing as error:  # of no job in particular: an outage
            raise GeminiUnavailable(f"the listing answered {error}") from error

    def _read(self, message: dict[str, Any]) -> RemoteJob:
        job = read_prediction_job(message)
        said = job.error_message
        return replace(job, error_message=said and scrubbed(said))

    def _raw(self, path: str) -> dict[str, Any]:
        """Return the raw JSON of a GET, of which the SDK drops parts."""
        from google.genai import types

        with self._asking(Method.JOB):
            answer = self._client._api_client.request(
                "get", path, {}, types.HttpOptions(timeout=QUICK_MS)
            )
            found = orjson.loads(answer.body or "{}")
        return found if isinstance(found, dict) else {}

    def download(self, file: str, receive: Callable[[bytes], object], *, of: str) -> None:
        """Hand over the answers in a job's output folder, file by file.

        Raises:
            CorruptResult: the folder is not below the job's own prefix.
            RemoteMissing: there is nothing in it yet.
        """
        own = self._staging.uri(f"{of}/{_OUTPUT}/")
        if parse_display_name(of) is None or not f"{file.rstrip('/')}/".startswith(own):
            raise CorruptResult(f"the answers are in {file}, which is not below {own}")
        names = [name for name in self._staging.below(f"{file.rstrip('/')}/") if _is_answers(name)]
        if not names:
            raise RemoteMissing(f"{file} holds no file of answers")
        for name in names:
            for part in self._staging.read(name):
                receive(part)

    def cancel(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.cancel(name=name, config=quick())

    def delete_job(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.delete(name=name, config=quick())

    def list_files(self) -> list[tuple[str, str]]:
        """Return (gs:// name, display name of its job) of every staged file."""
        root = self._staging.uri("")
        return [
            (uri, uri.removeprefix(root).partition("/")[0])
            for uri in self._staging.below(self._staging.uri(""))
        ]

    def delete_file(self, name: str) -> None:
        self._staging.delete(name)

    def delete_answers(self, file: str) -> None:
        """Delete what is in a job's output folder."""
        for name in self._staging.below(f"{file.rstrip('/')}/"):
            self._staging.delete(name)


def _is_answers(name: str) -> bool:
    """Tell answers from what else may be written there, as a file of the rows that failed."""
    return name.endswith(".jsonl")
