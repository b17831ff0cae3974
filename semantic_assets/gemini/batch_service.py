"""What the engine of batch jobs needs of a service that runs them; each of Google's is one of these."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from semantic_assets.batching.packing import JobLimits
from semantic_assets.gemini.wire import Listing, RemoteJob

_HOUR = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Ages of a job, in seconds, at which something is done about it."""

    #: A cancel is requested.
    cancel: float
    #: It is given up, if asking for it by name does not show that it has ended.
    abandon: float


#: Google's Developer API expires a job at 48 hours.
DEVELOPER_DEADLINES = Deadlines(cancel=36 * _HOUR, abandon=50 * _HOUR)


class BatchService(Protocol):
    """Batch jobs at one scope: their inputs, states, answers and leftovers."""

    deadlines: Deadlines
    limits: JobLimits
    #: Answers may be read while they are still being written.
    answers_grow: bool

    def upload(
        self, lines: Callable[[], Iterable[bytes]], *, name: str, check: Callable[[], None]
    ) -> str:
        """Store the lines of a job's input and return the name by which a job finds them.

        `lines` makes them anew by each call. `check` is called before each part; if it raises, the
        upload stops.
        """
        ...

    def upload_media(
        self, path: Path, *, mime: str, display_name: str, check: Callable[[], None]
    ) -> tuple[str, str]:
        """Store an image, audio or video; return its name, and its uri for requests.

        Raises:
            TransientError: the service has not finished processing it.
        """
        ...

    def create_embedding_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """Create an embedding job, the paid call, and return its remote name.

        Raises:
            RateLimited, ScopePaused: nothing was created.
            RequestRejected: nothing was created, and a rerun of this request never creates it.
            GeminiUnavailable: if `sent`, a job may exist; otherwise none does.
        """
        ...

    def create_generation_job(self, *, model: str, input_file: str, display_name: str) -> str:
        """As `create_embedding_job`, of a file of generation requests."""
        ...

    def get(self, name: str) -> RemoteJob:
        """Return a job as the service reports it.

        Raises:
            RemoteMissing: the service knows no such job.
        """
        ...

    def list_jobs(self, *, max_pages: int) -> Listing:
        """List jobs, newest first, from at most `max_pages` pages; empty pages do not end it."""
        ...

    def look_for(self, display_names: Iterable[str]) -> Listing:
        """List the jobs of these display names, and possibly others; complete if all were seen."""
        ...

    def download(self, file: str, receive: Callable[[bytes], object], *, of: str) -> None:
        """Hand over the answers of a job in parts, as they come in.

        What `receive` raises ends the download and is raised as it is.

        Args:
            of: the display name of the job.

        Raises:
            RemoteMissing: they cannot be read yet.
            CorruptResult: they are not the job's own.
        """
        ...

    def cancel(self, name: str) -> None: ...

    def delete_job(self, name: str) -> None: ...

    def list_files(self) -> list[tuple[str, str]]:
        """Return (name, display name) of every file that is stored for jobs."""
        ...

    def delete_file(self, name: str) -> None: ...

    def delete_answers(self, file: str | None, *, of: str) -> None:
        """Delete the answers of a job where the service lets us.

        Args:
            file: None: they were not named when the job was seen to end.
            of: the display name of the job.
        """
        ...
