"""Make tables again that are found broken, by the command that found them."""

from collections.abc import Callable
from typing import TypeVar

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.generation.write_prompts import ask_documents
from semantic_assets.pipeline.pending.broken_files import distrust, is_merged, set_aside
from semantic_assets.store import Store

_T = TypeVar("_T")
#: One shard reads at most so many broken files one after the other.
_ATTEMPTS = 1_000


def with_rebuilt(store: Store, work: Callable[[], _T]) -> _T:
    """Do the work; where a broken file stops it, make that again, or set its job aside, and redo it.

    Raises:
        BrokenFile: it was paid for and its job is in another process's hand, or it cannot be made
            again.
    """
    for _ in range(_ATTEMPTS):
        try:
            return work()
        except BrokenFile as error:
            _mend(store, error)
    return work()


def _mend(store: Store, error: BrokenFile) -> None:
    if layout.is_results(error.path) and (is_merged(store, error.path) or set_aside(store, error)):
        return
    distrust(store, error)
    table, _, rest = error.path.partition("/")
    if table not in _MADE_BEFORE:
        return  # whoever found it makes it
    shard = ShardKey.of_path(rest)
    with_rebuilt(store, lambda: read_documents(store, shard))
    with_rebuilt(store, lambda: _derived(store, shard))


#: Tables that are the input of whoever finds them broken.
_MADE_BEFORE = ("documents", "requests", "chunks")


def _derived(store: Store, shard: ShardKey) -> None:
    for pinned in store.ledger.tasks.of(shard.dataset):
        ask_documents(store, shard, pinned.task)
    if store.is_embedded(shard.dataset):
        chunk_documents(store, shard)
