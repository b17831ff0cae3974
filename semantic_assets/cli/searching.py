"""The command `search`, and its hits as a table."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    Choice,
    edge,
    json_option,
    print_json,
    root_option,
    scope_option,
)
from semantic_assets.model.search_options import GROUPS, MODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table
    from rich.text import Text

    from semantic_assets.pipeline.search.search_hit import SearchHit

#: Other documents with the same passage that are named in a hit.
_PLACES = 3


@click.command()
@click.argument("question")
@root_option
@scope_option
@click.option(
    "--mode",
    type=Choice(MODES),
    default="hybrid",
    show_default=True,
    help="Find by meaning (dense), by words, or by both; words asks no API.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only passages of which this holds, as 'kind=pdf|md' or 'year>=2020'.",
)
@click.option("-k", default=10, show_default=True, help="How many passages, or documents.")
@click.option("--offset", default=0, show_default=True, help="Pass over the first of them.")
@click.option(
    "--group",
    type=Choice(GROUPS),
    default="passage",
    show_default=True,
    help="Show the passages of a document together.",
)
@click.option("--per-document", type=int, help="The most passages of one document.")
@click.option("--no-floor", is_flag=True, help="Show passages where nothing is close, too.")
@click.option("--space", help="Refuse an index of another embedding space than this one.")
@json_option
@edge
def search(
    question: str,
    root: str | None,
    datasets: tuple[str, ...],
    space: str | None,
    no_floor: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the passages that answer QUESTION; says on stderr what cannot be found yet."""
    # Not through the library, which imports what refreshes and generates too.
    from semantic_assets.cli.cells import show
    from semantic_assets.gemini.client import Gemini
    from semantic_assets.gemini.endpoint import endpoint_of
    from semantic_assets.model.keys import Scope
    from semantic_assets.model.search_options import options_of
    from semantic_assets.pipeline.search.coverage import not_searchable
    from semantic_assets.pipeline.search.search import search as run
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    settings, scope = Settings.load(root=root), Scope.parse(datasets)
    asked = options_of(**options, floor=not no_floor)
    # A question to the emulator costs nothing and is booked nowhere; one by words asks nobody.
    is_free = settings.backend == "emulator" or not asked.needs_vector
    with open_store(settings, reading=is_free) as store:
        gemini = Gemini(endpoint_of(settings))
        hits = run(store, gemini, question, scope=scope, options=asked, space_id=space)
        missing = not_searchable(store, scope)
    if as_json:
        print_json([*hits])
    elif hits:
        show(_table(_groups(hits, is_grouped=asked.group == "document"), asked.offset + 1))
    for line in (*filter(None, [hits.told]), *missing):
        say(line, err=True)


def _table(groups: Sequence[Sequence[SearchHit]], first: int) -> Table:
    """Return a row for each hit, or for each document whose hits follow one another."""
    from semantic_assets.cli.cells import add_row, table

    made = table("#", "score", "passage", show_lines=True)
    for number, group in enumerate(groups, start=first):
        add_row(made, str(number), f"{group[0].score:.3f}", _passages(group))
    return made


def _groups(hits: Sequence[SearchHit], *, is_grouped: bool) -> list[list[SearchHit]]:
    """Return the hits of each row of the table."""
    if not is_grouped:
        return [[hit] for hit in hits]
    return [[*group] for _, group in groupby(hits, lambda hit: (hit.dataset, hit.document_id))]


def _passages(hits: Sequence[SearchHit]) -> Text:
    from semantic_assets.cli.cells import styled

    first = hits[0]
    pieces = [(first.title or first.file_name, "bold"), (f"\n{first.uri}\n", "dim")]
    for hit in hits:
        pieces += [*_sentence(hit), (f"\n{_where(hit)}\n", "dim")]
    return styled(*pieces[:-1], (pieces[-1][0].rstrip("\n"), "dim"))


def _sentence(hit: SearchHit) -> Iterator[tuple[str, str]]:
    """Yield the sentence that matches best, the question's words in it apart."""
    if hit.sentence is None:
        return
    text, end = hit.sentence.text, 0
    for start, stop in hit.sentence.marks:
        yield text[end:start], ""
        yield text[start:stop], "bold underline"
        end = stop
    yield text[end:], ""


def _where(hit: SearchHit) -> str:
    """Say where a passage stands, and how its score came about."""
    heading = [hit.heading_path] if hit.heading_path else []
    scores, parts = hit.scores, [*heading, f"[{hit.start_char}:{hit.end_char}]"]
    parts += [f"page {hit.page}"] * (hit.page is not None)
    if scores.cosine is not None:
        parts.append(f"meaning {scores.cosine:.3f}{_rank(scores.cosine_rank)}")
    if scores.words is not None:
        parts.append(f"words {scores.words:.2f}{_rank(scores.words_rank)}")
    more = len(hit.places) - _PLACES
    named = [*hit.places[:_PLACES], *([f"and {more} more"] if more > 0 else [])]
    return "\n".join([", ".join(parts), *(["also " + ", ".join(named)] if named else [])])


def _rank(rank: int | None) -> str:
    return "" if rank is None else f" (#{rank})"


COMMANDS = [search]
