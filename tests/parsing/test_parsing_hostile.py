"""Nothing a file holds may raise, hang, fill the memory, or go unreported."""

import gzip
import io
import re
import time
import tracemalloc

import pytest

from semantic_assets.parsing import readers
from semantic_assets.parsing.formats import SUPPORTED_SUFFIXES
from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns
from tests.parsing.hostile import Hostile, hostile_files


@pytest.mark.parametrize("file", hostile_files(), ids=lambda file: file.name)
def test_hostile_file_gives_its_records_and_its_reasons(file: Hostile):
    started = time.process_time()
    records = list(read_records(file.name, io.BytesIO(file.content), columns=Columns()))
    failed = [record for record in records if record.parse_status == "failed"]
    assert (len(records) - len(failed), len(failed)) == (file.ok, file.failed)
    for record in failed:
        assert re.search(file.reason, record.parse_error)
        assert len(record.parse_error) <= 1000
    assert time.process_time() - started < 10


def test_html_named_as_text_is_read_as_a_page(read):
    [record] = read("a.txt", "\n<HTML><title>Pump</title><p>Water &amp; oil.</p></HTML>")
    assert (record.title, record.text, record.mime) == ("Pump", "Water & oil.", "text/html")
    assert read("a.txt", "<html5 is not a tag")[0].mime == "text/plain"


def test_gzip_bomb_stops_before_it_fills_the_memory():
    stream = io.BytesIO(gzip.compress(b"word " * 20_000_000, 6))  # 100 MB
    tracemalloc.start()
    [record] = read_records("a.txt.gz", stream, columns=Columns())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "over 200 times" in record.parse_error
    assert peak < 90 << 20


def test_bomb_of_records_keeps_those_that_came_before(monkeypatch):
    monkeypatch.setattr("semantic_assets.parsing.blocks._RATIO_COUNTS_FROM", 1 << 20)
    stream = io.BytesIO(gzip.compress(b'{"text": "the same again"}\n' * 100_000))
    *good, last = read_records("a.jsonl.gz", stream, columns=Columns())
    assert len(good) > 10_000
    assert {record.parse_status for record in good[:-1]} == {"ok"}
    assert "over 200 times" in last.parse_error


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv", "a.json"])
def test_text_too_long_to_cut_is_a_failed_record(read, monkeypatch, name):
    for module in ("record_files.rows.MAX_TEXT_BYTES", "readers.MAX_TEXT_BYTES"):
        monkeypatch.setattr(f"semantic_assets.parsing.{module}", 1000)
    long = "x" * 1001
    content = {"a.txt": long, "a.csv": f"text\n{long}\nshort"}.get(name, f'{{"text": "{long}"}}')
    first, *rest = read(name, content)
    assert re.search("split it", first.parse_error)
    assert [record.text for record in rest] == (["short"] if name == "a.csv" else [])


@pytest.mark.parametrize("suffix", sorted(SUPPORTED_SUFFIXES))
@pytest.mark.parametrize("error", [LookupError("a defect"), RecursionError("deep")])
def test_defect_of_a_reader_is_a_failed_record_and_no_end(monkeypatch, suffix, error):
    def broken(*_arguments: object) -> object:
        raise error

    monkeypatch.setattr(readers, "_records", broken)
    [record] = read_records(f"a{suffix}", io.BytesIO(b"x"), columns=Columns())
    name = type(error).__name__
    assert record.parse_error.startswith(f"its reader failed, please report it: {name}")


def test_front_matter_and_headings_take_time_in_proportion(read):
    started = time.process_time()
    blanks = "\t" * 2_000_000
    assert read("a.md", f"---\na: b\nkey:{blanks}\n---\n# x{blanks}#{blanks}y")[0].metadata == {
        "a": "b"
    }
    assert time.process_time() - started < 5


def test_heading_of_a_megabyte_is_no_title(read):
    [record] = read("a.md", "# " + "long " * 200_000)
    assert len(record.title) == 300
    assert len(record.text) > 900_000
