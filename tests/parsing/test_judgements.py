"""Questions and judgements beside a dataset: read as BEIR writes them, errors name the line."""

from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.parsing.judgements import read_judgements

QUERIES = '{"_id": "q1", "text": "How?"}\n{"id": "q2", "text": "Why?"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"


def write(folder: Path, queries: str | None = QUERIES, qrels: str | None = QRELS) -> Path:
    for name, content in (("queries.jsonl", queries), ("qrels.tsv", qrels)):
        if content is not None:
            (folder / name).write_text(content)
    return folder


def test_only_judged_questions_are_kept_and_grade_0_is_not_relevant(tmp_path: Path) -> None:
    found = read_judgements(write(tmp_path))
    assert found is not None
    assert found.queries == {"q1": "How?"}
    assert found.relevant == {"q1": {"d1": 2.0}}


def test_a_dataset_without_them_has_none(tmp_path: Path) -> None:
    assert read_judgements(tmp_path) is None


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, sign: str) -> None:
    question = f'{{"_id": "q1", "text": "How{sign if sign > "~" else ""}?"}}\r\n'
    found = read_judgements(write(tmp_path, question, f"head\r\nq1\td{sign}1\t1\r\n"))
    assert found is not None
    assert found.relevant == {"q1": {f"d{sign}1": 1.0}}


def test_ids_are_as_they_are_written(tmp_path: Path) -> None:
    queries = (
        '{"_id": 1.10, "text": "a"}\n{"_id": 340282366920938463463374607431768211455, "text": "b"}'
    )
    number = "340282366920938463463374607431768211455"
    found = read_judgements(write(tmp_path, queries, f"h\n1.10\td\t1\n{number}\td\t1\n"))
    assert found is not None
    assert set(found.queries) == {"1.10", number}


def test_a_first_line_that_is_a_judgement_is_no_head(tmp_path: Path) -> None:
    found = read_judgements(write(tmp_path, QUERIES, "q1\td1\t2\nq2\td1\t1\n"))
    assert found is not None
    assert set(found.relevant) == {"q1", "q2"}


@pytest.mark.parametrize(
    ("queries", "qrels", "named"),
    [
        (QUERIES, None, "qrels.tsv is missing"),
        (None, QRELS, "queries.jsonl is missing"),
        ('{"_id": "q1"}\n', QRELS, "queries.jsonl, line 1"),
        ("[1]\n", QRELS, "queries.jsonl, line 1"),
        ('{"_id": "q1", "text": "a \\ud83d"}\n', QRELS, "line 1: write whole characters"),
        ('{"_id": "q1", "text": " "}\n', QRELS, "line 1: the question is empty"),
        (QUERIES, "head\nq1 d1 1\n", "qrels.tsv, line 2"),
        (QUERIES, "head\nq9\td1\t1\n", "question 'q9' is not in queries.jsonl"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, queries: str | None, qrels: str | None, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        read_judgements(write(tmp_path, queries, qrels))
