"""The survey of a new job's input: its size, and the requests that will fail."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semantic_assets.emulator.answers import embedding, prompts
from semantic_assets.emulator.answers.embedding import EmbedRequest
from semantic_assets.emulator.answers.prompts import See
from semantic_assets.emulator.http.errors import InvalidRequest, Undecodable
from semantic_assets.emulator.jobs.catalogue import Kind, Model
from semantic_assets.emulator.jobs.inputs import Line, MalformedInput, groups, read_lines
from semantic_assets.emulator.media.media_uses import MediaUse


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The result of reading an input through."""

    request_count: int = 0
    token_count: int = 0
    invalid_lines: tuple[int, ...] = ()
    media_uses: tuple[MediaUse, ...] = ()
    #: why it cannot be read; None if it can
    malformed: str | None = None


def survey(path: Path, model: Model, see: See, *, is_inlined: bool) -> Survey:
    """Read an input through and return its survey."""
    counter = _Counter(model, see)
    try:
        lines = read_lines(path, model.kind, is_inlined=is_inlined)
        for group in groups(lines if is_inlined else _told_apart(lines)):
            counter.add(group)
    except MalformedInput as problem:
        return Survey(malformed=str(problem))
    if not counter.request_count:
        return Survey(malformed="The input has no requests.")
    return Survey(
        request_count=counter.request_count,
        token_count=counter.token_count,
        invalid_lines=tuple(counter.invalid_lines),
        media_uses=tuple(counter.media_uses()),
    )


def _told_apart(lines: Iterable[Line]) -> Iterator[Line]:
    """Pass the lines of a file on, if no two have one key (guess: live is not known).

    Raises:
        MalformedInput: at a key that came before.
    """
    seen: set[str | None] = set()
    for line in lines:
        if line.key in seen:
            raise MalformedInput(f"The input has two lines with the key {line.key!r}.")
        seen.add(line.key)
        yield line


class _Counter:
    def __init__(self, model: Model, see: See) -> None:
        self._model = model
        self._see = see
        self.request_count = 0
        self.token_count = 0
        self.invalid_lines: list[int] = []
        self._files: dict[int, MediaUse] = {}
        self._lines: dict[int, list[int]] = defaultdict(list)

    def add(self, group: Sequence[Line]) -> None:
        """Count a group of requests."""
        counted = self._tokens(group)
        self.token_count += sum(count or 0 for count in counted)
        first = self.request_count
        self.invalid_lines += [first + n for n, count in enumerate(counted) if count is None]
        self.request_count += len(group)

    def media_uses(self) -> Iterator[MediaUse]:
        """Yield the files, with the requests that name them."""
        for sequence, use in self._files.items():
            use.lines.extend(self._lines[sequence])
            yield use

    def _tokens(self, group: Sequence[Line]) -> list[int | None]:
        """Return the tokens per request; None for one that will be answered with an error line."""
        if self._model.kind is Kind.GENERATE:
            return [
                self._tokens_of_prompt(self.request_count + n, line) for n, line in enumerate(group)
            ]
        decoded = [self._decoded(line) for line in group]
        valid = [request for request in decoded if request is not None]
        counts = iter(embedding.count_tokens(valid, self._model))
        return [None if request is None else next(counts) for request in decoded]

    def _decoded(self, line: Line) -> EmbedRequest | None:
        try:
            return embedding.decode_request(line.request, self._model)
        except InvalidRequest:
            return None

    def _tokens_of_prompt(self, number: int, line: Line) -> int | None:
        try:
            prompt = prompts.decode_prompt(line.request, self._see)
        except Undecodable as problem:
            self._enter_files(number, [problem.file])
            return None
        except InvalidRequest:
            return None
        self._enter_files(number, [seen.file for seen in prompt.media])
        return prompt.token_count

    def _enter_files(self, number: int, files: Iterable[Mapping[str, Any] | None]) -> None:
        for file in {file["sequence"]: file for file in files if file}.values():
            sequence = file["sequence"]
            self._lines[sequence].append(number)
            self._files.setdefault(
                sequence,
                MediaUse(
                    file_id=file["file_id"],
                    file_sequence=sequence,
                    expires_at=file["expires_at"],
                ),
            )
