"""The rows of an index as passages: read whole, or only for where they stand in their documents."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from semantic_assets.pipeline.search.mixed_ranking import Ranked

Row = dict[str, Any]


class Place(NamedTuple):
    """Where a passage stands."""

    dataset: str
    document_id: str
    chunk_index: int


class RowReader:
    """Reads rows, each once, with one call to each index for several."""

    def __init__(self) -> None:
        self._held: dict[Ranked, Row] = {}

    def read(self, several: Iterable[Ranked]) -> None:
        """Read these rows, as far as they were not."""
        wanted: dict[Any, list[Ranked]] = defaultdict(list)
        for one in several:
            if one not in self._held:
                wanted[one.opened].append(one)
        for opened, of_one in wanted.items():
            rows = opened.index.rows([one.row for one in of_one])
            self._held.update(zip(of_one, rows, strict=True))

    def __getitem__(self, one: Ranked) -> Row:
        if one not in self._held:
            self.read([one])
        return self._held[one]

    def place(self, one: Ranked) -> Place:
        """Return where a row stands; of one that was not read, no text is read for it."""
        row = self._held.get(one)
        document, chunk = (
            (row["document_id"], row["chunk_index"])
            if row
            else one.opened.index.finder.place(one.row)
        )
        return Place(str(one.opened.dataset), document, chunk)


def joined_text(rows: Sequence[Row]) -> tuple[str, int, int]:
    """Return the text of neighbouring rows, and where it begins and ends in the document.

    Only white space stands between two neighbours. It is not kept, but its length is, so the offsets
    in the joined text are those of the document.
    """
    ordered = sorted(rows, key=lambda row: row["start_char"])
    start, end, text = ordered[0]["start_char"], ordered[0]["start_char"], ""
    for row in ordered:
        gap = row["start_char"] - end
        text += _space(gap) + row["text"][max(0, -gap) :]
        end = max(end, row["end_char"])
    return text, start, end


def _space(count: int) -> str:
    return " " * count if count < 2 else " " * (count - 2) + "\n\n"
