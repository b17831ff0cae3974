"""Examples of what a dataset can be asked: its judged questions, else its headings and titles."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TypeVar

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.ledger.index_versions import ServingVersion
from semantic_assets.pipeline.search.judged.quality import judged_questions
from semantic_assets.pipeline.vector_index.serving import open_searched
from semantic_assets.store import Store

#: Rows looked at for each example that is wanted: some have no heading, others the same one.
_ROWS = 4
_SHORTEST, _LONGEST = 4, 70
_T = TypeVar("_T")
_SENTENCE = re.compile(r"\s*(.+?[.!?\u3002\uff01\uff1f\u0964])(?=\s|$)")


def example_questions(store: Store, version: ServingVersion, count: int) -> list[str]:
    """Return at most `count` examples; none where the index or the questions cannot be read."""
    return _judged(store, version, count) or _of_rows(store, version, count)


def _judged(store: Store, version: ServingVersion, count: int) -> list[str]:
    try:
        questions = judged_questions(store, version.dataset)
    except (SemanticAssetsError, OSError):
        return []
    return _spread([one for one in questions if _is_fit(one)], count)


def _of_rows(store: Store, version: ServingVersion, count: int) -> list[str]:
    try:
        index = open_searched(store, version)
        rows = index.rows(_spread(range(len(index)), count * _ROWS))
    except (SemanticAssetsError, FileNotFoundError):
        return []
    found: dict[str, str] = {}
    for row in rows:
        example = next(filter(_is_fit, _said(row)), None)
        if example is not None:
            found.setdefault(example.casefold(), example)
    return _spread([*found.values()], count)


def _said(row: dict[str, object]) -> Iterator[str]:
    """Yield what a row says of itself in few words; a title that is a file's name says nothing."""
    heading, title = row["heading_path"], row["title"]
    uri = PurePath(str(row["uri"]))
    if heading:
        yield str(heading).rpartition(" > ")[2].strip()
    if title and str(title) not in (uri.name, uri.stem):
        yield str(title).strip()
    if sentence := _SENTENCE.match(str(row["text"])[: 2 * _LONGEST]):
        yield sentence[1].strip()


def _is_fit(example: str) -> bool:
    is_plain = example.isprintable() and not example.startswith(("#", "|", "`", "<", "-", "*"))
    return is_plain and _SHORTEST <= len(example) <= _LONGEST and any(map(str.isalpha, example))


def _spread(items: Sequence[_T], count: int) -> list[_T]:
    """Return at most `count` of the items, from all over."""
    step = max(1, len(items) / count)
    return [items[int(place * step)] for place in range(min(count, len(items)))]
