"""What lies in the output folder of a job, and beside it.

Not here: the lines, and when they are written (`outputs.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

import orjson

from semantic_assets.emulator.jobs.jobs import Job

#: Rows of one object; the answers of a job may be many files (guess: live is not known).
_ROWS_OF_FILE = 200_000
_WRONG_PREFIX, _MANY, _OTHERS = "output-wrong-prefix", "output-in-many-files", "output-with-others"
#: Lines of one file, with its URI.
File = tuple[str, Iterable[bytes]]


def folder_of(job: Job) -> str:
    """Return the URI of a job's output folder, below the prefix that its client gave."""
    prefix = str(job.output_prefix).rstrip("/")
    if job.fault(_WRONG_PREFIX):
        prefix = f"{prefix}-of-another"
    return f"{prefix}/{_name(job, job.plan.starts_at)}"


def _name(job: Job, at: float) -> str:
    moment = datetime.fromtimestamp(at, tz=UTC)
    return f"prediction-model-{moment:%Y-%m-%dT%H:%M:%S}.{job.job_id[-6:]}Z"


def files_of(job: Job, lines: Iterator[bytes]) -> Iterator[File]:
    """Yield what lies there; each file is used up before the next is asked for."""
    many, others = job.fault(_MANY), job.fault(_OTHERS)
    if many:
        yield from _many(job, list(lines), int(many.parameters["rows"]))
    elif others:
        yield from _BESIDE[others.parameters["shape"]](job, list(lines))
    else:
        yield from _usual(job, lines)


def _usual(job: Job, lines: Iterable[bytes]) -> Iterator[File]:
    for number, file in enumerate(_cut(iter(lines))):
        yield f"{folder_of(job)}/predictions{f'_{number:05d}' if number else ''}.jsonl", file


def _cut(lines: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """Yield the lines in files of `_ROWS_OF_FILE`."""
    held = next(lines, None)
    while held is not None:
        first, taken = held, list[bytes | None]()

        def file(first: bytes = first, taken: list[bytes | None] = taken) -> Iterator[bytes]:
            yield first
            for _ in range(_ROWS_OF_FILE - 1):
                if (line := next(lines, None)) is None:
                    return
                yield line
            taken.append(next(lines, None))

        yield file()
        held = taken[0] if taken else None


def _many(job: Job, lines: list[bytes], rows: int) -> Iterator[File]:
    """Name files as tabular jobs do, the last rows first, with one that holds no answers."""
    parts = [lines[at : at + rows] for at in range(0, len(lines), rows)][::-1]
    for number, part in enumerate(parts):
        name = f"prediction.results-{number:05d}-of-{len(parts):05d}.jsonl"
        yield f"{folder_of(job)}/{name}", part
    yield f"{folder_of(job)}/prediction.errors_stats-00000-of-00001", [b'{"error_count": 0}\n']


def _run_beside(job: Job, lines: list[bytes]) -> Iterator[File]:
    yield from _usual(job, lines)
    again = _name(job, job.plan.starts_at + 1)
    yield f"{folder_of(job).rpartition('/')[0]}/{again}/predictions.jsonl", lines


def _run_within(job: Job, lines: list[bytes]) -> Iterator[File]:
    yield from _usual(job, lines)
    yield f"{folder_of(job)}/predictions_again.jsonl", lines


def _foreign_beside(job: Job, lines: list[bytes]) -> Iterator[File]:
    yield from _usual(job, lines)
    prefix = folder_of(job).rpartition("/")[0]
    yield f"{prefix}/{_name(job, 0.0)}/predictions.jsonl", _foreign(lines)
    yield f"{prefix}-of-another/{_name(job, 0.0)}/predictions.jsonl", _foreign(lines)


def _foreign_within(job: Job, lines: list[bytes]) -> Iterator[File]:
    yield from _usual(job, lines)
    yield f"{folder_of(job)}/of_another.jsonl", _foreign(lines)


def _foreign(lines: list[bytes]) -> list[bytes]:
    """Return one answer under a key of somebody's."""
    return [orjson.dumps({**orjson.loads(line), "key": "somebody's"}) + b"\n" for line in lines[:1]]


def _incremental(job: Job, lines: list[bytes]) -> Iterator[File]:
    """Leave what was written on the way (a public client passes such files over)."""
    yield from _usual(job, lines)
    yield f"{folder_of(job)}/incremental_predictions/000000.jsonl", lines[: len(lines) // 2 + 1]


def _incremental_only(job: Job, lines: list[bytes]) -> Iterator[File]:
    yield f"{folder_of(job)}/incremental_predictions/000000.jsonl", lines


_BESIDE: Mapping[str, Callable[[Job, list[bytes]], Iterator[File]]] = {
    "run-beside": _run_beside,
    "run-within": _run_within,
    "foreign-beside": _foreign_beside,
    "foreign-within": _foreign_within,
    "incremental": _incremental,
    "incremental-only": _incremental_only,
}
