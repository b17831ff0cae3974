"""The price of writing down pages that are pictures, where no task does it yet."""

from collections.abc import Sequence

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.media import PAGE_COUNT, PDF, image_tokens
from semantic_assets.pipeline.costs.estimate_tasks import TaskQuote, quote_of
from semantic_assets.settings.transcription import transcription
from semantic_assets.store import Store


def transcription_offers(
    store: Store, datasets: Sequence[DatasetKey] = (), *, is_learned: bool = True
) -> tuple[TaskQuote, ...]:
    """Quote the transcription of scanned PDFs and pictures of datasets without a task for media.

    Empty if there are none. Reads three narrow columns of each shard of such datasets.
    """
    taken = {one.dataset for one in store.ledger.tasks.all(stopped=True) if one.task.is_media}
    tokens: list[int] = []
    for shard in store.ledger.sources.shards():
        key = shard.key
        if key.dataset not in taken and (not datasets or key.dataset in datasets):
            tokens += _tokens(store, key)
    if not tokens:
        return ()
    file = transcription(store.settings.backend)
    return (quote_of(store, file.task, len(tokens), sum(tokens), file.use, is_learned=is_learned),)


def _tokens(store: Store, shard: ShardKey) -> list[int]:
    """List the tokens of a shard's documents that are pictures of text."""
    path = layout.documents(shard)
    if store.trusted_fingerprint(path) is None:
        return []
    rows = store.lake.read(path, ["parse_status", "mime", "metadata"])
    rows = rows.filter(pc.equal(rows["parse_status"], ParseStatus.PENDING_DESCRIPTION))
    return [
        image_tokens(int(dict(row["metadata"]).get(PAGE_COUNT, 1)))
        for row in rows.to_pylist()
        if row["mime"] == PDF or row["mime"].startswith("image/")
    ]
