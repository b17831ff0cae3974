"""An index that is searched, and rows found in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from semantic_assets.index.opened_version import Index
from semantic_assets.index.ranking import Numbers
from semantic_assets.model.keys import DatasetKey


@dataclass(frozen=True, eq=False)
class Opened:
    """The open index of a dataset."""

    dataset: DatasetKey
    space_id: str
    index: Index
    #: The weight of the meaning that was learned from its judged questions; None: the usual one.
    weight: float | None = None


#: (score, index, row)
Found = tuple[float, Opened, int]
#: The rows of each index that may be found, ascending; None, or no entry: all of them.
Allowed = Mapping[Opened, Numbers | None]


def best_first(found: Iterable[Found], k: int) -> list[Found]:
    """Return the k best of rows found in several indexes."""
    return sorted(found, key=lambda hit: (-hit[0], hit[1].dataset, hit[2]))[:k]
