"""What batch jobs of both services have in common: how they are asked for through the SDK.

Jobs are read from raw JSON, of which the SDK drops parts. A create call costs money and is not
idempotent, so: one attempt, no redirects (a 307 repeats the POST and carries the key along), the sync
client only (the async one re-sends).
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from semantic_assets.errors import GeminiUnavailable, RemoteMissing
from semantic_assets.gemini.connections import QUICK_MS, Connections, quick
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.gemini.wire import Listing, RemoteJob
from semantic_assets.text.foreign import scrubbed

if TYPE_CHECKING:
    from google import genai

_PAGE_SIZE = 100


class SdkBatches:
    """Jobs of one scope."""

    def __init__(
        self,
        connections: Connections,
        *,
        path: str,
        listed_as: str,
        reader: Callable[[Mapping[str, Any]], RemoteJob],
    ) -> None:
        """Take where jobs are listed, how a page names them, and what reads one."""
        self._connections = connections
        self._path, self._listed_as, self._reader = path, listed_as, reader

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

    def get(self, name: str) -> RemoteJob:
        """Return a job as the service reports it.

        Raises:
            RemoteMissing: the service knows no such job.
        """
        return self._read(self._raw(name))

    def list_jobs(self, *, max_pages: int) -> Listing:
        """List jobs, newest first, from at most `max_pages` pages; empty pages do not end it."""
        jobs: list[RemoteJob] = []
        token, seen = "", set[str]()
        for _ in range(max_pages):
            page = self._page(f"pageSize={_PAGE_SIZE}" + (token and f"&pageToken={token}"))
            jobs.extend(self._jobs_of(page))
            token = quote(str(page.get("nextPageToken") or ""))
            if not token:
                return Listing(tuple(jobs), complete=True)
            if token in seen:  # 910 pages of the same were followed
                break
            seen.add(token)
        return Listing(tuple(jobs), complete=False)

    def cancel(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.cancel(name=name, config=quick())

    def delete_job(self, name: str) -> None:
        with self._asking(Method.JOB):
            self._client.batches.delete(name=name, config=quick())

    def _jobs_of(self, page: Mapping[str, Any]) -> list[RemoteJob]:
        found = page.get(self._listed_as) or []
        return [self._read(item) for item in found if isinstance(item, dict)]

    def _page(self, query: str) -> dict[str, Any]:
        try:
            return self._raw(f"{self._path}?{query}")
        except RemoteMissing as error:  # of no job in particular: an outage
            raise GeminiUnavailable(f"the listing answered {error}") from error

    def _read(self, message: Mapping[str, Any]) -> RemoteJob:
        """Read a job; of its texts the message alone is Google's prose, and may hold the key."""
        job = self._reader(message)
        said = job.error_message
        return replace(job, error_message=said and scrubbed(said, self._secret))

    def _raw(self, path: str) -> dict[str, Any]:
        from google.genai import types

        with self._asking(Method.JOB):
            response = self._client._api_client.request(
                "get", path, {}, types.HttpOptions(timeout=QUICK_MS)
            )
            found = orjson.loads(response.body or "{}")
        return found if isinstance(found, dict) else {}


def name_of(name: str | None) -> str:
    """Return the name of the job that a create call answers with."""
    if not name:
        raise ValueError("the answer to the create call names no job")
    return name
