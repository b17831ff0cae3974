"""Counts of passages by what they can be filtered by."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic_assets.index.filtering.allowed_rows import allowed_in_each
from semantic_assets.index.filtering.field_columns import FieldColumns
from semantic_assets.index.filtering.field_counts import field_counts
from semantic_assets.index.ranking import Numbers
from semantic_assets.model.keys import Scope
from semantic_assets.model.search_filter import Filter
from semantic_assets.pipeline.search.index_selection import Selection
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many passages each project, dataset, kind of document and year has, most first."""

    project: dict[str, int] = field(default_factory=dict)
    dataset: dict[str, int] = field(default_factory=dict)
    kind: dict[str, int] = field(default_factory=dict)
    #: Passages of documents without a date are in none.
    year: dict[str, int] = field(default_factory=dict)


def facets(store: Store, scope: Scope, filter: Filter) -> Facets:
    """Count the passages of these datasets that a filter lets through.

    Raises:
        NotFound: a dataset named has no index.
        UnknownName: a project named has no dataset in search.
        ConfigError: a condition does not fit what is searched.
    """
    return _counted(searched_of(store).selection(store, scope), filter)


def _counted(selection: Selection, filter: Filter) -> Facets:
    indexes = [(one.dataset, one.index) for one in selection.opened]
    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("project", "dataset", "kind", "year")
    }
    for (dataset, index), among in zip(indexes, allowed_in_each(indexes, filter), strict=True):
        count = len(index) if among is None else len(among)
        found["project"][dataset.project] += count
        found["dataset"][str(dataset)] += count
        for name, counts in _of_documents(FieldColumns(dataset, index), among).items():
            found[name] += counts
    return Facets(**{name: _most_first(counts) for name, counts in found.items()})


def _of_documents(columns: FieldColumns, among: Numbers | None) -> Mapping[str, Counter[str]]:
    names = ("kind", "year") if columns.has_metadata else ("kind",)
    return {name: field_counts(columns, name, among) for name in names}


def _most_first(counts: Counter[str]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in ordered if count}
