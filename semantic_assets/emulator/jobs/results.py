"""The answers of a finished job, computed from its input each time they are asked for.

Nothing is stored: answers are a function of the input, so a result file costs no disk and the
second download equals the first. Answers come in groups, so that neither memory nor the
interpreter is held for long. Not here: when there is an answer, and what faults do to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semantic_assets.emulator.answers import embedding, generation, prompts
from semantic_assets.emulator.answers.embedding import EmbedRequest
from semantic_assets.emulator.answers.prompts import See
from semantic_assets.emulator.faults import result_faults
from semantic_assets.emulator.http.errors import InvalidRequest
from semantic_assets.emulator.jobs.catalogue import Kind, Model, known_model
from semantic_assets.emulator.jobs.inputs import Line, groups, read_lines
from semantic_assets.emulator.jobs.jobs import UNSERVED_ERROR, Job
from semantic_assets.emulator.media import viewing
from semantic_assets.emulator.state import State

Answer = dict[str, Any]
_Respond = Callable[[Sequence[Line]], list[Answer]]


def lines(state: State, job: Job) -> Iterator[Line]:
    """Yield the requests of a job, as they were sent."""
    path = state.blob_path(job.blob)
    return read_lines(path, job.kind, is_inlined=job.source_file is None)


@dataclass(frozen=True, kw_only=True)
class ResultFile:
    """The result file of a job, piece by piece, as often as it is asked for."""

    state: State
    job: Job
    mode: str

    def __iter__(self) -> Iterator[bytes]:
        encode = result_faults.line_encoder(self.job)
        for answers in _answers(self.state, self.job, self.mode):
            yield encode(answers)


def inlined_responses(state: State, job: Job, mode: str) -> list[Answer]:
    """Return the answers of an inlined job, in the order of its requests."""
    return [answer for answers in _answers(state, job, mode) for answer in answers]


def paid_responses(state: State, job: Job) -> Iterator[Answer]:
    """Yield the responses of an ended generation job, whatever becomes of their lines."""
    respond, spoiler = _responder(state, job, mode=""), result_faults.Spoiler(job)
    for group in groups(enumerate(lines(state, job))):
        outcomes = respond([line for _, line in group])
        for outcome, (number, line) in zip(outcomes, group, strict=True):
            answer = spoiler.spoiled(number, line.request, outcome)
            if "response" in answer:
                yield answer["response"]


def _answers(state: State, job: Job, mode: str) -> Iterator[list[Answer]]:
    respond = _responder(state, job, mode)
    if job.faults:
        yield from _faulty_answers(state, job, respond)
        return
    for group in groups(enumerate(lines(state, job))):
        served = [line for number, line in group if number < job.served_count]
        outcomes = respond(served) + [{"error": UNSERVED_ERROR}] * (len(group) - len(served))
        yield [
            _laid_out(number, outcome, line.echo)
            for outcome, (number, line) in zip(outcomes, group, strict=True)
        ]


def _faulty_answers(state: State, job: Job, respond: _Respond) -> Iterator[list[Answer]]:
    spoiler = result_faults.Spoiler(job)
    for group in groups(result_faults.arranged(job, lines(state, job))):
        outcomes = respond([line for _, line in group])
        yield [
            _laid_out(number, spoiler.spoiled(number, line.request, outcome), line.echo)
            for outcome, (number, line) in zip(outcomes, group, strict=True)
        ]


def _responder(state: State, job: Job, mode: str) -> _Respond:
    model = known_model(job.model)
    if job.kind is Kind.EMBED:
        return lambda group: _embed(group, model, mode)
    see = viewing.of_job(state, job)
    return lambda group: [_generate(line, model, see) for line in group]


def _embed(group: Sequence[Line], model: Model, mode: str) -> list[Answer]:
    decoded = [_decoded(line, model) for line in group]
    valid = [request for request in decoded if isinstance(request, EmbedRequest)]
    embeddings = iter(embedding.embed(valid, model, mode))
    return [
        _embed_response(next(embeddings), model) if isinstance(request, EmbedRequest) else request
        for request in decoded
    ]


def _decoded(line: Line, model: Model) -> EmbedRequest | Answer:
    try:
        return embedding.decode_request(line.request, model)
    except InvalidRequest as problem:
        return _error(problem)


def _embed_response(answer: embedding.Embedding, model: Model) -> Answer:
    count: Answer = {"tokenCount": str(answer.token_count)}
    if model.has_usage:  # a number, and no tokenCount (live capture of 2026-07-25)
        count = {"usageMetadata": {"promptTokenCount": answer.token_count}}
    return {"response": {**count, "embedding": {"values": answer.values}}}


def _laid_out(number: int, answer: Answer, echo: Mapping[str, Any]) -> Answer:
    """Return an answer as a line has it: key last, and members in an order of the line's own.

    Live, the order inside `response` differs from line to line of one file (Google's cookbook).
    """
    if not (response := answer.get("response")):
        return {**answer, **echo}
    names = list(response)
    first = number % len(names)
    ordered = {name: response[name] for name in names[first:] + names[:first]}
    return {**answer, "response": ordered, **echo}


def _generate(line: Line, model: Model, see: See) -> Answer:
    try:
        prompt = prompts.decode_prompt(line.request, see)
        return {"response": generation.generate(prompt, model)}
    except InvalidRequest as problem:
        return _error(problem)


def _error(problem: InvalidRequest) -> Answer:
    return {"error": {"code": problem.code, "message": str(problem)}}
