"""The files queries.jsonl and qrels.tsv: questions about a dataset, and their documents.

The form is that of BEIR: `{"_id": "q1", "text": "..."}` (or `id`) a line, and tab-separated
`query-id  corpus-id  score` under a head line. A corpus-id is a record's id, a file's path below
the dataset, or a document_id.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import ConfigError

QUERIES, QRELS = "queries.jsonl", "qrels.tsv"


@dataclass(frozen=True, slots=True)
class Judgements:
    """Questions by id, and for each question the relevant documents with their grade above 0."""

    queries: dict[str, str]
    relevant: dict[str, dict[str, float]]


def read_judgements(folder: Path) -> Judgements | None:
    """Read the judged questions of a dataset's folder; None if it has no judgements.

    Raises:
        ConfigError: a file is malformed (the message names the line), or one of the two is missing.
    """
    queries, qrels = folder / QUERIES, folder / QRELS
    if not queries.is_file() and not qrels.is_file():
        return None
    for path in (queries, qrels):
        if not path.is_file():
            raise ConfigError(f"{path} is missing: questions and judgements go together")
    relevant = _relevant(qrels)
    texts = dict(_queries(queries))
    unknown = sorted(set(relevant) - set(texts))
    if unknown:
        raise ConfigError(f"{qrels}: question {unknown[0]!r} is not in {QUERIES}")
    return Judgements({name: texts[name] for name in relevant}, relevant)


def _queries(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            name, text = str(record.get("_id", record.get("id", number))), record["text"]
        except (ValueError, KeyError, AttributeError) as error:
            raise ConfigError(
                f'{path}, line {number}: write {{"_id": "q1", "text": "the question"}}'
            ) from error
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(f"{path}, line {number}: the question is empty")
        yield name, text


def _relevant(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split("\t")
        if number == 1 or not line.strip():
            continue  # the head
        try:
            query, document, grade = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError) as error:
            raise ConfigError(
                f"{path}, line {number}: write query-id, corpus-id and score, separated by tabs"
            ) from error
        if grade > 0:
            found.setdefault(query, {})[document] = grade
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: save it as UTF-8 ({error.reason})") from error
