"""sync: take in what has ended: poll, collect, assemble, index. Never sends a text to be embedded.

But for canaries: an answer is used when some of its rows, embedded again, agree.
"""

from dataclasses import dataclass

from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.shown import Shown
from semantic_assets.store import Store
from semantic_assets.verbs.advance import advance
from semantic_assets.verbs.publish import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport(Shown):
    """What came in, and what is still out."""

    collected_jobs: int
    #: Jobs whose answers were not trusted; `jobs` names them.
    quarantined_jobs: int
    indexes_built: int
    chunks_ready: int
    chunks_failed: int
    chunks_pending: int
    open_jobs: int
    #: What could not be done this time; the next call tries again.
    trouble: tuple[str, ...]


def sync(store: Store, gemini: Gemini) -> SyncReport:
    """Bring in every job that has ended, to the index, without waiting for the others."""
    taken = advance(store, gemini, submits=False)
    shards = [
        shard.key
        for shard in store.ledger.sources.shards()
        if store.ledger.files.find(layout.chunks(shard.key)) is not None
    ]
    done = publish(store, shards)
    return SyncReport(
        collected_jobs=len(taken.collected),
        quarantined_jobs=sum(one.quarantined is not None for one in taken.collected),
        indexes_built=sum(index.written for index in done.indexes),
        chunks_ready=sum(one.ready for one in done.embeddings),
        chunks_failed=sum(one.failed for one in done.embeddings),
        chunks_pending=sum(one.pending for one in done.embeddings),
        open_jobs=taken.open_jobs,
        trouble=tuple(taken.trouble),
    )
