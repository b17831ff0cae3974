"""What of the datasets searched cannot be found yet, in words."""

from collections.abc import Sequence

from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.documents.file_counts import file_counts
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.store import Store

_EVERYTHING = Scope()


def not_searchable(store: Store, scope: Scope = _EVERYTHING) -> list[str]:
    """Say what of a scope is not in search, and the remedy; empty: all of it is.

    Opens only the tables of shards that are not settled, and narrow columns of documents.
    """
    counts = [
        one
        for one in pending_counts(store)
        if one.dataset_id and DatasetKey(one.project_id, one.dataset_id) in scope
    ]
    files = file_counts(store, _datasets(store, scope))
    is_told = files.failed or files.in_part or files.waiting
    return [*_waiting(counts), *([files.told] if is_told else [])]


def _datasets(store: Store, scope: Scope) -> Sequence[DatasetKey]:
    if not scope.projects:
        return scope.datasets
    return [one for one in store.ledger.sources.datasets() if one in scope]


def _waiting(counts: Sequence[PendingCounts]) -> list[str]:
    parts = {
        ("document", "to read or split"): sum(one.documents_to_chunk for one in counts),
        ("chunk", "to embed"): sum(one.chunks_to_embed for one in counts),
        ("vector", "to index"): sum(one.vectors_to_index for one in counts),
        ("answer", "of tasks to come"): sum(one.answers_to_come for one in counts),
    }
    named = [f"{counted(count, one)} {left}" for (one, left), count in parts.items() if count]
    return [f"not all can be found yet: {', '.join(named)}: `semantic-assets refresh`"] * bool(
        named
    )
