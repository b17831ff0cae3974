"""Uploads of lines that are no file, and downloads that are passed on."""

import io
import os
from collections.abc import Iterator

import httpx2
import pytest

from semantic_assets.errors import Conflict
from semantic_assets.gemini.transfers import LinesFile
from tests.trial import Trial

LINES = [b"a\n", b"bb\n", b"", b"c" * 40 + b"\n", b"end"]
WHOLE = b"".join(LINES)


def opened(lines: list[bytes] | None = None) -> LinesFile:
    return LinesFile(lambda: iter(LINES if lines is None else lines), lambda: None)


def parts_of(file: LinesFile, size: int) -> list[bytes]:
    return list(iter(lambda: file.read(size), b""))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 44, 50, 1_000])
def test_parts_are_the_lines_in_order_and_each_is_full(size: int) -> None:
    parts = parts_of(opened(), size)
    assert b"".join(parts) == WHOLE
    assert {len(part) for part in parts[:-1]} <= {size}


def test_the_size_is_told_as_the_sdk_asks_for_it() -> None:
    file = opened()
    assert (file.tell(), file.seek(0, os.SEEK_END), file.tell()) == (0, len(WHOLE), len(WHOLE))
    assert file.read(10) == b""
    assert file.seek(0, os.SEEK_SET) == 0
    assert file.read() == WHOLE
    assert file.tell() == len(WHOLE)


def test_from_the_beginning_the_lines_are_made_again() -> None:
    file = opened()
    first = file.read(5)
    file.seek(0)
    assert file.read(5) == first
    with pytest.raises(io.UnsupportedOperation):
        file.seek(3)
    with pytest.raises(io.UnsupportedOperation):
        file.seek(0, os.SEEK_CUR)


@pytest.mark.parametrize("later", [LINES[:-1], [*LINES, b"more"], [], [b"a"]])
def test_lines_that_are_not_those_that_were_counted_are_not_sent(later: list[bytes]) -> None:
    made = iter([LINES, later])
    file = LinesFile(lambda: iter(next(made)), lambda: None)
    with pytest.raises(Conflict, match="changed"):
        parts_of(file, 1_000)


def test_a_part_is_read_with_permission_alone_and_no_earlier_than_it_is_needed() -> None:
    made: list[bytes] = []

    def lines() -> Iterator[bytes]:
        for line in LINES:
            made.append(line)
            yield line

    asked: list[int] = []
    file = LinesFile(lines, lambda: asked.append(len(made)))
    made.clear()
    assert file.read(4) == WHOLE[:4]
    assert (asked, made) == ([0], LINES[:2])
    assert file.read(1) == WHOLE[4:5]
    assert (asked, made) == ([0, 2], LINES[:2])


@pytest.mark.parametrize(
    "error", [Conflict("lost"), FileNotFoundError("gone"), OSError(28, "full")]
)
def test_trouble_of_our_side_is_no_trouble_of_the_service(trial: Trial, error: Exception) -> None:
    """An upload whose lines cannot be read on, and a download that cannot be written down."""

    def fail(*_: object) -> None:
        raise error

    with pytest.raises(type(error)) as found:
        trial.gemini.batches.upload(lambda: LINES, name="in.jsonl", check=fail)
    assert found.value is error
    trial.gemini.batches.create_embedding_job(
        model="gemini-embedding-001",
        input_file=trial.gemini.batches.upload(
            lambda: [_LINE], name="in.jsonl", check=lambda: None
        ),
        display_name="a",
    )
    [job] = trial.gemini.batches.list_jobs(max_pages=1).jobs
    trial.pass_time()
    result_file = str(trial.gemini.batches.get(job.name).result_file)
    with pytest.raises(type(error)) as found:
        trial.gemini.batches.download(result_file, fail, of="")
    assert found.value is error
    whole = bytearray()
    trial.gemini.batches.download(result_file, whole.extend, of="")
    assert whole.endswith(b"}\n")


def test_a_refused_type_of_file_is_sent_again_from_the_beginning(trial: Trial) -> None:
    trial.arm("upload-mime-400", times=1)
    lines = [b'{"n": %d}\n' % n for n in range(1_000_000)]  # two parts of 8 MB
    name = trial.gemini.batches.upload(lambda: iter(lines), name="in.jsonl", check=lambda: None)
    assert trial.fired("upload-mime-400") == 1
    found = httpx2.get(f"{trial.url}/v1beta/{name}", headers={"x-goog-api-key": "emulator"}).json()
    assert int(found["sizeBytes"]) == sum(map(len, lines))


_LINE = (
    b'{"key": "a", "request": {"output_dimensionality": 128, '
    b'"content": {"parts": [{"text": "x"}]}}}\n'
)
