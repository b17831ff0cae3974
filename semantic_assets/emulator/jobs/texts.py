"""The texts a job was sent, line by line."""

from collections.abc import Iterator
from typing import NamedTuple

from semantic_assets.emulator.answers import prompts
from semantic_assets.emulator.answers.prompts import See
from semantic_assets.emulator.jobs import results
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.inputs import Line, content_text
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.media import viewing
from semantic_assets.emulator.state import State


class SentText(NamedTuple):
    """One request of a job."""

    #: position in the input
    number: int
    line: Line
    #: None: it has parts that are no text
    text: str | None
    #: hashes of the media that go with it
    media: list[str]

    @property
    def contents_sha(self) -> bytes:
        """The hash of text and media."""
        return prompts.contents_sha(self.text or "", self.media)

    @property
    def identity(self) -> str:
        """The id that a response to it carries."""
        return prompts.identity(self.contents_sha, prompts.instruction(self.line.request))


def sent(state: State, job: Job, see: See | None = None) -> Iterator[SentText]:
    """Yield all requests of a job; a malformed input has none that could be read."""
    if not job.request_count:
        return
    see = see or viewing.of_job(state, job)
    for number, line in enumerate(results.lines(state, job)):
        media = [] if job.kind is Kind.EMBED else prompts.media_shas(line.request, see)
        yield SentText(number, line, text_of(line, job.kind), media)


def text_of(line: Line, kind: Kind) -> str | None:
    """Return the text of a request."""
    if kind is Kind.EMBED:
        return content_text(line.request.get("content"))
    return prompts.prompt_text(line.request)
