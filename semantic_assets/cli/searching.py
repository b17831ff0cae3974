"""The command `search`, and its hits as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import edge, json_option, print_json, root_option, scope_option
from semantic_assets.model.search_options import GROUPS, MODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from semantic_assets.pipeline.search.search_hit import SearchHit

_SNIPPET = 160
#: Other documents with the same passage that are named in a hit.
_PLACES = 3


@click.command()
@click.argument("question")
@root_option
@scope_option
@click.option(
    "--mode",
    type=click.Choice(MODES),
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
    type=click.Choice(GROUPS),
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
    names: tuple[str, ...],
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

    settings, scope = Settings.load(root=root), Scope.parse(names)
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
        show(_table(hits))
    for line in (*filter(None, [hits.told]), *missing):
        say(line, err=True)


def _table(hits: Sequence[SearchHit]) -> Table:
    from semantic_assets.cli.cells import add_row, table

    made = table("#", "score", "document", "chunk", "passage", show_lines=True)
    for rank, hit in enumerate(hits, start=1):
        page = f", page {hit.page}" if hit.page is not None else ""
        snippet = " ".join(hit.text.split())[:_SNIPPET]
        add_row(
            made,
            str(rank),
            f"{hit.score:.3f}",
            "\n".join([hit.title or hit.file_name, hit.uri, *_places(hit)]),
            f"{hit.chunk_index}{page}",
            snippet,
        )
    return made


def _places(hit: SearchHit) -> list[str]:
    more = len(hit.places) - _PLACES
    return [*hit.places[:_PLACES], *([f"and {more} more"] if more > 0 else [])]


COMMANDS = [search]
