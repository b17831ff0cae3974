"""The texts a job was sent, line by line. Not here: who wants to know."""

from collections.abc import Iterator
from typing import NamedTuple

from semantic_assets.emulator import generation, results
from semantic_assets.emulator.catalogue import Kind
from semantic_assets.emulator.inputs import Line, content_text
from semantic_assets.emulator.jobs import Job
from semantic_assets.emulator.state import State


class SentText(NamedTuple):
    """One request of a job."""

    #: position in the input
    number: int
    line: Line
    #: None: it has parts that are no text
    text: str | None


def sent(state: State, job: Job) -> Iterator[SentText]:
    """All requests of a job; a malformed input has none that could be read."""
    if job.request_count:
        for number, line in enumerate(results.lines(state, job)):
            yield SentText(number, line, text_of(line, job.kind))


def text_of(line: Line, kind: Kind) -> str | None:
    """The text of a request."""
    if kind is Kind.EMBED:
        return content_text(line.request.get("content"))
    return generation.prompt_text(line.request)
