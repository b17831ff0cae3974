"""Rows with metadata of every type, random conditions on them, and the same in DuckDB's SQL."""

import json
import random
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from semantic_assets.model.filter_forms import parse_filter
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_filter import Filter
from semantic_assets.model.tables import PART_ROWS
from tests.factories import make_index_rows

DATASET = DatasetKey("acme", "manuals")
_MIMES = {
    "md": "text/markdown",
    "pdf": "application/pdf",
    "htm": "text/html",
    "py": "text/x-python",
}
_SHORT = {"text/markdown": "md", "application/pdf": "pdf", "text/html": "html"}
_AUTHORS = ("Lin", "lin", "Ōe", "Straße", "O'Brien", "a_b%c", "")
_WHEN = ("2024-05-01", "2024-05-31T23:00:00Z", "2023-12-24", "2024", "2025-01")


def rows_with_metadata(documents: int, *, each: int = 3, seed: int = 1) -> pa.Table:
    """PART_ROWS of documents with `each` rows; row n is of document n // each."""
    rng = random.Random(seed)
    rows = make_index_rows(documents * each).to_pylist()
    for number in range(documents):
        ending = rng.choice([*_MIMES])
        folder = rng.choice(["", "pumps/", "pumps/old/", "Valves/"])
        of_document = {
            "document_id": f"document-{number}",
            "uri": f"{DATASET}/{folder}{number}.{ending}",
            "title": rng.choice([None, f"Pump {number % 20}", f"valve {number % 7} of Two"]),
            "record_id": rng.choice([None, f"r{number}"]),
            "mime": _MIMES[ending],
            "metadata": _metadata(rng, number),
        }
        for row in rows[number * each : (number + 1) * each]:
            row |= of_document | {"page": rng.choice([None, 1, 2, 30])}
    return pa.Table.from_pylist(rows, PART_ROWS)


def _metadata(rng: random.Random, number: int) -> str | None:
    found = {
        "author": rng.choice(_AUTHORS),
        "rank": rng.choice(["-1.5", "0", "3", "20", "100000"]),
        "when": rng.choice(_WHEN),
        "code": f"{number % 40:03d}",
        'a "b"\n': "x\\y",
    }
    held = {key: value for key, value in found.items() if rng.random() < 0.7}
    held |= {"date": rng.choice(_WHEN)} if rng.random() < 0.5 else {}
    return json.dumps(held, ensure_ascii=False) if held else None


def random_filter(rng: random.Random) -> tuple[Filter, str]:
    """A filter of one to three conditions, and its condition in SQL over `table_of`."""
    pairs = [rng.choice(_CONDITIONS)(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
    return parse_filter([text for text, _ in pairs]), " AND ".join(f"({sql})" for _, sql in pairs)


def _text(field: str, column: str, values: list[str]) -> Callable[[random.Random], tuple[str, str]]:
    def one(rng: random.Random) -> tuple[str, str]:
        chosen = rng.sample(values, rng.choice([1, 1, 2]))
        operator = rng.choice(["=", "!=", "~"])
        quoted = [f"'{value.casefold().replace(chr(39), chr(39) * 2)}'" for value in chosen]
        shown = f"{field}{operator}{'|'.join(chosen)}"
        if operator == "~":
            return shown, "(" + " OR ".join(f"contains(fold({column}), {q})" for q in quoted) + ")"
        is_in = "IN" if operator == "=" else "NOT IN"
        return shown, f"fold({column}) {is_in} ({', '.join(quoted)})"

    return one


def _number(
    field: str, column: str, values: list[str]
) -> Callable[[random.Random], tuple[str, str]]:
    def one(rng: random.Random) -> tuple[str, str]:
        operator, value = rng.choice(["=", "!=", "<", "<=", ">", ">="]), rng.choice(values)
        return f"{field}{operator}{value}", f"TRY_CAST({column} AS DOUBLE) {operator} {value}"

    return one


def _day(field: str, column: str) -> Callable[[random.Random], tuple[str, str]]:
    periods = {
        "2024": ("2024-01-01", "2024-12-31"),
        "2024-05": ("2024-05-01", "2024-05-31"),
        "2023-12-24": ("2023-12-24", "2023-12-24"),
    }

    def one(rng: random.Random) -> tuple[str, str]:
        operator, value = rng.choice(["=", "!=", "<", "<=", ">", ">="]), rng.choice([*periods])
        first, last = (f"DATE '{day}'" for day in periods[value])
        rest = f"substr('0000-01-01', length({column}) + 1)"
        held = f"CAST(left({column} || {rest}, 10) AS DATE)"
        if operator in ("=", "!="):
            sql = f"{'' if operator == '=' else 'NOT'} ({held} BETWEEN {first} AND {last})"
        else:
            sql = f"{held} {operator} {first if operator in ('<', '>=') else last}"
        return f"{field}{operator}{value}", f"({sql})"

    return one


def _fixed(text: str, sql: str) -> Callable[[random.Random], tuple[str, str]]:
    return lambda _: (text, sql)


_PATH = "substr(uri, length('acme/manuals/') + 1)"
_CONDITIONS: list[Callable[[random.Random], tuple[str, str]]] = [
    _text("author", "author", ["lin", "STRASSE", "o'brien", "A_b%C", "x"]),
    _text("metadata.code", "code", ["001", "02", "039"]),
    _text("title", "title", ["pump 3", "PUMP 1", "Two"]),
    _text("record", "record_id", ["r3", "R11"]),
    _text("document", "document_id", ["document-1", "document-19"]),
    _text("path", _PATH, ["pumps/1.md", "old", "3.pdf"]),
    _number("rank", "rank", ["-1.5", "0", "3", "19.5"]),
    _number("page", "page", ["1", "2", "30"]),
    _number("year", "left(date, 4)", ["2024", "2025"]),
    _day("when", '"when"'),
    _day("date", "date"),
    _fixed("kind=md|html", "ending IN ('md', 'html') OR short IN ('md', 'html')"),
    _fixed("kind!=htm", "ending != 'htm' AND short != 'htm'"),
    _fixed("path=pumps/**/1*", f"regexp_full_match({_PATH}, 'pumps/(.*/)?1[^/]*')"),
    _fixed("path=*.md|valves/?.*", f"regexp_full_match({_PATH}, '[^/]*\\.md|Valves/[^/]\\.[^/]*')"),
    _fixed("title=Pump ?", "regexp_full_match(title, 'Pump .')"),
    _fixed("title!=*of two", "NOT regexp_full_match(title, '.*of Two')"),
    _fixed("dataset=acme/manuals", "true"),
    _fixed("project!=acme", "false"),
]


def rows_in_duckdb(rows: pa.Table, sql: str) -> list[int]:
    """The numbers of the rows for which a condition holds."""
    connection = _connection(rows)
    found = connection.sql(f"SELECT number FROM held WHERE ({sql}) ORDER BY number").fetchall()
    return [number for (number,) in found]


_held: dict[int, Any] = {}


def _connection(rows: pa.Table) -> Any:
    """A connection with the rows as the table `held`, keys of metadata as columns."""
    if id(rows) not in _held:
        connection = duckdb.connect()
        connection.create_function("fold", str.casefold, ["VARCHAR"], "VARCHAR")
        values = rows.to_pylist()
        for number, row in enumerate(values):
            metadata = json.loads(row["metadata"] or "{}")
            keys = ("author", "rank", "when", "code", "date")
            row |= {key: metadata.get(key) or None for key in keys}
            ending = row["uri"].rpartition(".")[2]
            row |= {"number": number, "ending": ending, "short": _SHORT.get(row["mime"], "py")}
            del row["metadata"]
        connection.register("source", pa.Table.from_pylist(values))
        connection.sql("CREATE TABLE held AS SELECT * FROM source")
        _held[id(rows)] = rows, connection
    return _held[id(rows)][1]
