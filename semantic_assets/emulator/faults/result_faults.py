"""The effects of a job's faults on its result lines.

The number of their firing seeds the choice of lines, so every download is the same. Three steps:
`arranged` changes which request is answered under which key and where, `Spoiler` changes answers,
and `line_encoder` finished lines.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from semantic_assets.emulator.answers.prompts import prompt_text
from semantic_assets.emulator.faults import answer_faults
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.jobs.inputs import Line
from semantic_assets.emulator.jobs.jobs import UNSERVED_ERROR, Job, JobFault

#: as python-genai 1341 has it
_INTERNAL = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)
#: a request with its position in the input, which decides how it ends
Row = tuple[int, Line]
Answer = dict[str, Any]


def arranged(job: Job, lines: Iterable[Line]) -> Iterator[Row]:
    """Return the requests in the order, and under the keys, in which they are answered."""
    rows = list(enumerate(lines))
    for name, rearrange in _ARRANGEMENTS.items():
        if fault := job.fault(name):
            rows = rearrange(rows, fault)
    return iter(rows)


def _random(fault: JobFault) -> Random:
    return Random(f"{fault.name}/{fault.number}")


def _chosen(fault: JobFault, total: int, least: int = 1) -> list[int]:
    """Return the positions of the rows a fault hits: a count of them, or a fraction."""
    wanted = fault.parameters.get("count")
    if wanted is None:
        wanted = max(least, round(fault.parameters["fraction"] * total))
    return _random(fault).sample(range(total), min(wanted, total))


def _with_echo(row: Row, echo: Mapping[str, Any]) -> Row:
    return row[0], replace(row[1], echo=echo)


def _swap_keys(rows: list[Row], fault: JobFault) -> list[Row]:
    chosen = _chosen(fault, len(rows), least=2)
    echoes = [rows[position][1].echo for position in chosen]
    swapped = list(rows)
    for position, echo in zip(chosen, echoes[1:] + echoes[:1], strict=True):
        swapped[position] = _with_echo(rows[position], echo)
    return swapped


def _miss_keys(rows: list[Row], fault: JobFault) -> list[Row]:
    missing = set(_chosen(fault, len(rows)))
    return [row for position, row in enumerate(rows) if position not in missing]


def _duplicate_keys(rows: list[Row], fault: JobFault) -> list[Row]:
    step = 0 if fault.parameters["same_answer"] else 1
    return rows + [
        _with_echo(rows[(position + step) % len(rows)], rows[position][1].echo)
        for position in _chosen(fault, len(rows))
    ]


def _add_unknown(rows: list[Row], fault: JobFault) -> list[Row]:
    added = range(fault.parameters["count"])
    return rows + [_with_echo(rows[n % len(rows)], {"key": f"unknown-{n}"}) for n in added]


def _shuffle(rows: list[Row], fault: JobFault) -> list[Row]:
    shuffled = rows[1:] + rows[:1]
    draw = _random(fault)
    draw.shuffle(shuffled)
    return shuffled if shuffled != rows else rows[::-1]


_ARRANGEMENTS: Mapping[str, Callable[[list[Row], JobFault], list[Row]]] = {
    "swapped-keys": _swap_keys,
    "duplicated-keys": _duplicate_keys,
    "unknown-key": _add_unknown,
    "missing-keys": _miss_keys,
    "shuffled-lines": _shuffle,
}


def _wrong_dimensions(values: Any, fault: JobFault) -> Any:
    wanted = fault.parameters["dimensions"]
    wanted = len(values) - 1 if wanted is None else wanted
    return (values.tolist() + [0.0] * wanted)[:wanted]


def _with_nan(values: Any, _: JobFault) -> Any:
    # orjson writes null for NaN, as Google's own JSON would not.
    return orjson.Fragment(json.dumps([float("nan"), *values.tolist()[1:]]).encode())


def _with_null(values: Any, _: JobFault) -> Any:
    return [None, *values.tolist()[1:]]


def _zeros(values: Any, _: JobFault) -> Any:
    return [0.0] * len(values)


_VALUES: Mapping[str, Callable[[Any, JobFault], Any]] = {
    "wrong-dimensions": _wrong_dimensions,
    "nan-values": _with_nan,
    "null-values": _with_null,
    "zero-vectors": _zeros,
}


def _error_answer(fault: JobFault, position: int) -> Answer:
    """Return the answer of a row that a fault lets fail."""
    if fault.name == "invalid-texts":
        return {"error": {"code": 3, "message": "Request contains an invalid argument."}}
    if fault.name == "transient-error-lines":
        codes = fault.parameters["codes"]
        return {"error": {"code": codes[position % len(codes)], "message": "Try again."}}
    code, message = fault.parameters["code"], _INTERNAL
    shapes: dict[str, Answer] = {
        "error": {"error": {"code": code, "message": message}},
        "code-only": {"error": {"code": code}},
        "status": {"status": {"code": code, "message": message}},
        "empty-object": {},
        "message-only": {"error": {"message": message}},
    }
    return shapes[fault.parameters["shape"]]


class Spoiler:
    """The changes that faults make to the answers of one job."""

    def __init__(self, job: Job) -> None:
        self._served_count = job.served_count
        self._errors = {
            number: _error_answer(fault, position)
            for fault in job.faults
            for position, number in enumerate(fault.lines)
        }
        failed = job.failed_lines
        answered = [number for number in range(job.served_count) if number not in failed]
        self._values: dict[int, JobFault] = {}
        for fault in job.faults:
            if fault.name in _VALUES and answered:
                hit = _chosen(fault, len(answered))
                self._values |= {answered[position]: fault for position in hit}
        self._draws = answer_faults.draws_of(job)
        self._misses_tokens = job.fault("token-counts-missing") is not None
        self._scrambled_tokens = job.fault("token-counts-scrambled")

    def spoiled(self, number: int, request: Mapping[str, Any], answer: Answer) -> Answer:
        """Return the answer to that request as the job gives it."""
        if number >= self._served_count:
            return {"error": UNSERVED_ERROR}
        if number in self._errors:
            return self._errors[number]
        response = answer.get("response", {})
        if "candidates" in response:
            return {"response": self._spoiled_answer(request, response)}
        if "embedding" in response:
            return {"response": self._spoiled_response(number, response)}
        return answer

    def _spoiled_answer(self, request: Mapping[str, Any], response: Answer) -> Answer:
        if not self._draws:
            return response
        text = prompt_text(request)
        draw = answer_faults.fate(self._draws, text, response["responseId"])
        return draw.spoiled(request, response) if draw else response

    def _spoiled_response(self, number: int, response: Answer) -> Answer:
        spoiled = dict(response)
        if fault := self._values.get(number):
            values = response["embedding"]["values"]
            spoiled["embedding"] = {"values": _VALUES[fault.name](values, fault)}
        if self._misses_tokens:
            return {"embedding": spoiled["embedding"]}
        if fault := self._scrambled_tokens:
            wrong = fault.parameters["above"] + Random(number).randrange(900_000)
            if "tokenCount" in spoiled:
                return {**spoiled, "tokenCount": str(wrong)}
            return {**spoiled, "usageMetadata": {"promptTokenCount": wrong}}
        return spoiled


def line_encoder(job: Job) -> Callable[[Sequence[Answer]], bytes]:
    """Return the function that encodes a group of answers as lines of a result file."""
    fault = job.fault("corrupted-line")
    if fault is None:
        return _encode
    broken = set(_chosen(fault, job.request_count))
    position = -1

    def encode(answers: Sequence[Answer]) -> bytes:
        nonlocal position
        encoded = bytearray()
        for answer in answers:
            position += 1
            line = wire.encode(answer)
            encoded += (line[: len(line) // 2] if position in broken else line) + b"\n"
        return bytes(encoded)

    return encode


def _encode(answers: Sequence[Answer]) -> bytes:
    return b"".join(wire.encode(answer) + b"\n" for answer in answers)
