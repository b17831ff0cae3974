"""The files queries.jsonl and qrels.tsv: questions about a dataset, and their documents.

The form is that of BEIR: `{"_id": "q1", "text": "..."}` (or `id`) a line, and tab-separated
`query-id  corpus-id  score` under a head line. A corpus-id is a record's id, a file's path below
the dataset, or a document_id.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import ConfigError

_HALF = re.compile("[\ud800-\udfff]")
QUERIES, QRELS = "queries.jsonl", "qrels.tsv"


class BrokenJudgements(ConfigError):
    """A dataset's judgements cannot be understood: its quality is not measured, all else goes on."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """Questions by id, and for each question the relevant documents with their grade above 0."""

    queries: dict[str, str]
    relevant: dict[str, dict[str, float]]


def read_judgements(folder: Path) -> Judgements | None:
    """Read the judged questions of a dataset's folder; None if it has no judgements.

    Raises:
        BrokenJudgements: a file is malformed (the message names the line), or one of the two is missing.
    """
    queries, qrels = folder / QUERIES, folder / QRELS
    if not queries.is_file() and not qrels.is_file():
        return None
    for path in (queries, qrels):
        if not path.is_file():
            raise BrokenJudgements(f"{path} is missing: questions and judgements go together")
    relevant = _relevant(qrels)
    texts = dict(_queries(queries))
    unknown = sorted(set(relevant) - set(texts))
    if unknown:
        raise BrokenJudgements(f"{qrels}: question {unknown[0]!r} is not in {QUERIES}")
    return Judgements({name: texts[name] for name in relevant}, relevant)


def _queries(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in _lines(path):
        try:
            # Ids as they are written, as those of records are: 1.10 is not 1.1.
            record = json.loads(line, parse_float=str, parse_int=str)
            name, text = str(record.get("_id", record.get("id", number))), record["text"]
        except (ValueError, KeyError, AttributeError, RecursionError) as error:
            raise BrokenJudgements(
                f'{path}, line {number}: write {{"_id": "q1", "text": "the question"}}'
            ) from error
        if not isinstance(text, str) or not text.strip():
            raise BrokenJudgements(f"{path}, line {number}: the question is empty")
        if _HALF.search(name + text):
            raise BrokenJudgements(
                f"{path}, line {number}: write whole characters, not half of one"
            )
        yield name, text


def _relevant(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        try:
            query, document, grade = _judgement(line)
        except (IndexError, ValueError) as error:
            if number == 1:
                continue  # the head
            raise BrokenJudgements(
                f"{path}, line {number}: write query-id, corpus-id and score, separated by tabs"
            ) from error
        if grade > 0:
            found.setdefault(query, {})[document] = grade
    return found


def _judgement(line: str) -> tuple[str, str, float]:
    fields = line.split("\t")
    return fields[0], fields[1], float(fields[2])


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank with their numbers; U+2028 is text and ends no line."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BrokenJudgements(f"{path}: save it as UTF-8 ({error.reason})") from error
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
