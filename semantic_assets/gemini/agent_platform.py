"""Batch jobs through Google's Agent Platform (Vertex AI): JSON Lines in Cloud Storage.

A job reads and writes below one prefix of the staging place, which is named after it:

    <staging>/<display name>/input.jsonl
    <staging>/<display name>/output/<a folder that the service makes>/*.jsonl

So another job's answers, and a folder that two runs wrote into, are never taken for its own. There is
no window of enqueued tokens; a job may wait 72 hours for its turn.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from semantic_assets.batching.packing import JobLimits
from semantic_assets.errors import CorruptResult, InputTooLarge, RemoteMissing
from semantic_assets.gemini.batch_service import Deadlines
from semantic_assets.gemini.connections import Connections
from semantic_assets.gemini.faults import Method
from semantic_assets.gemini.sdk_batches import SdkBatches, name_of
from semantic_assets.gemini.staging import Staging
from semantic_assets.gemini.transfers import VerifiedFile
from semantic_assets.gemini.wire import Listing, RemoteJob, read_prediction_job
from semantic_assets.model.batch_job import parse_display_name
from semantic_assets.model.catalog import AGENT_PLATFORM_BYTES, AGENT_PLATFORM_ROWS

_HOUR = 3_600.0
_OUTPUT = "output"
_ON_THE_WAY = "/incremental_predictions"
_PART_BYTES = 8 << 20


class AgentPlatform(SdkBatches):
    """What `BatchService` says, of one project and location."""

    #: 72 hours in the queue, and a day to run.
    deadlines = Deadlines(cancel=97 * _HOUR, abandon=121 * _HOUR)
    limits = JobLimits(requests=AGENT_PLATFORM_ROWS, bytes=AGENT_PLATFORM_BYTES, has_window=False)
    answers_grow = True

    def __init__(self, connections: Connections) -> None:
        super().__init__(
            connections,
            path="batchPredictionJobs",
            listed_as="batchPredictionJobs",
            reader=read_prediction_job,
        )

    @property
    def _staging(self) -> Staging:
        return self._connections.staging

    def upload(
        self, lines: Callable[[], Iterable[bytes]], *, name: str, check: Callable[[], None]
    ) -> str:
        """Write lines as the input of the job that `name` is of, and return its gs:// name.

        Raises:
            InputTooLarge: they are more than one job may read.
        """

        def checked() -> Iterator[bytes]:
            size = 0
            for line in lines():
                check()
                size += len(line)
                if size > AGENT_PLATFORM_BYTES:
                    raise InputTooLarge(f"{name}: the input is over {AGENT_PLATFORM_BYTES:,} bytes")
                yield line

        return self._staging.write(f"{name.removesuffix('.jsonl')}/input.jsonl", checked())

    def upload_media(
        self, path: Path, *, mime: str, display_name: str, check: Callable[[], None]
    ) -> tuple[str, str]:
        """Write an image, audio or video beside its job's input; its name is its uri."""
        job = "-".join(display_name.split("-")[:3])
        key = f"{job}/media/{display_name}{path.suffix.lower()}"
        with VerifiedFile(path, check) as file:
            uri = self._staging.write(key, iter(lambda: file.read(_PART_BYTES), b""))
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
            return name_of(job.name)

    @contextmanager
    def _creating(self) -> Iterator[None]:
        with self._asking(Method.JOB):
            self._connections.sign_in()  # a refusal here comes before anything is sent
        with super()._creating():
            yield

    def look_for(self, display_names: Iterable[str]) -> Listing:
        """List the jobs of these display names, by the service's own filter."""
        found = [job for name in display_names for job in self._named(name)]
        return Listing(tuple(found), complete=True)

    def _named(self, display_name: str) -> list[RemoteJob]:
        wanted = quote(f'displayName="{display_name}"')
        return self._jobs_of(self._page(f"filter={wanted}"))

    def download(self, file: str, receive: Callable[[bytes], object], *, of: str) -> None:
        """Hand over the answers in a job's output folder, file by file.

        Raises:
            CorruptResult: the folder is not below the job's own prefix.
            RemoteMissing: there is nothing in it yet.
        """
        own = self._staging.uri(f"{of}/{_OUTPUT}/")
        if parse_display_name(of) is None or not f"{file.rstrip('/')}/".startswith(own):
            raise CorruptResult(f"the answers are in {file}, which is not below {own}")
        names = _answers_of(self._staging.below(f"{file.rstrip('/')}/"))
        if not names:
            raise RemoteMissing(f"{file} holds no file of answers")
        for name in names:
            for part in self._staging.read(name):
                receive(part)

    def list_files(self) -> list[tuple[str, str]]:
        """Return (gs:// name, display name of its job) of every staged file."""
        root = self._staging.uri("")
        return [
            (uri, uri.removeprefix(root).partition("/")[0])
            for uri in self._staging.below(self._staging.uri(""))
        ]

    def delete_file(self, name: str) -> None:
        self._staging.delete(name)

    def delete_answers(self, file: str | None, *, of: str) -> None:
        """Delete what lies below the prefix of a job: all of it is that job's."""
        if parse_display_name(of) is not None:
            for name in self._staging.below(self._staging.uri(f"{of}/{_OUTPUT}/")):
                self._staging.delete(name)


def _answers_of(names: Iterable[str]) -> list[str]:
    """Return the files of answers among what lies in an output folder.

    Others may be there, as one of the rows that failed. A job leaves what it wrote on the way beside
    its final answers, under a name that says so: the same rows once more.
    """
    found = [name for name in names if name.endswith(".jsonl")]
    final = [name for name in found if _ON_THE_WAY not in name]
    return final or found
