"""The ratio of Google's token counts to our estimates, by script."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import RowStatus
from semantic_assets.store import Store
from semantic_assets.text.scripts import Script, script_of

#: Before calibration: estimates were within this of every count seen.
UNCALIBRATED_BAND = 0.25
#: However many texts were counted, the next ones may differ in kind.
_LEAST_BAND = 0.02
LEAST_TEXTS = 30
_SHARDS, _TEXTS_OF_A_SHARD = 8, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One calibration: Google's count is `ratio` times our estimate, give or take `band` of it."""

    ratio: float = 1.0
    band: float = UNCALIBRATED_BAND
    #: Number of texts behind it; 0: not calibrated.
    texts: int = 0
    #: Of them, those that Google counted just now, by a request each.
    requests: int = 0


def calibrate(store: Store, space: EmbeddingSpace) -> dict[Script, Calibration]:
    """Return the calibration of each script, from a sample of embedded chunks of the last shards."""
    pairs: dict[Script, list[tuple[int, int]]] = {}
    shards = [
        shard.key
        for shard in store.ledger.sources.shards()
        if store.lake.exists(layout.embeddings(space.space_id, shard.key))
    ]
    for shard in shards[-_SHARDS:]:
        for text, estimate, counted in _counted(store, space, shard):
            pairs.setdefault(script_of(text), []).append((estimate, counted))
    return {script: _learned(pairs.get(script, [])) for script in Script}


def _counted(
    store: Store, space: EmbeddingSpace, shard: ShardKey
) -> Iterable[tuple[str, int, int]]:
    """Yield (text, our estimate, Google's count) of the first chunks of a shard."""
    path = layout.embeddings(space.space_id, shard)
    found = store.lake.read(path, ["chunk_id", "status", "token_count"])
    found = found.filter(
        pc.and_(pc.equal(found["status"], RowStatus.READY), pc.greater(found["token_count"], 0))
    )
    chunks = store.lake.head(
        layout.chunks(shard), ["chunk_id", "vector_text", "token_estimate"], _TEXTS_OF_A_SHARD
    )
    place = pc.index_in(chunks["chunk_id"], found["chunk_id"].combine_chunks())
    held = chunks.filter(pc.is_valid(place))
    counts = found["token_count"].take(pa.chunked_array(place).drop_null())
    return zip(
        held["vector_text"].to_pylist(),
        held["token_estimate"].to_pylist(),
        counts.to_pylist(),
        strict=True,
    )


def _learned(pairs: list[tuple[int, int]]) -> Calibration:
    if len(pairs) < LEAST_TEXTS:
        return Calibration()
    ratio, band = _ratio_and_band(pairs)
    return Calibration(ratio=ratio, band=max(_LEAST_BAND, band), texts=len(pairs))


def learned_ratio(pairs: list[tuple[int, int]], *, of: int | None) -> Calibration:
    """Calibrate by (our estimate, Google's count) of texts drawn evenly from those of a quote.

    Args:
        of: the number of texts they were drawn from, where it is small: once all are counted
            nothing is uncertain.
    """
    ratio, band = _ratio_and_band(pairs)
    n = len(pairs)
    if of is not None:
        band *= ((of - n) / max(1, of - 1)) ** 0.5
    if n != of:
        band = max(_LEAST_BAND, band)
    return Calibration(ratio=ratio, band=band, texts=n, requests=n)


def _ratio_and_band(pairs: list[tuple[int, int]]) -> tuple[float, float]:
    estimates, counts = np.asarray(pairs, dtype=np.float64).T
    ratio = counts.sum() / estimates.sum()
    # The uncertainty of a sum of many texts is that of the mean: twice its standard error.
    spread = np.average((counts / estimates - ratio) ** 2, weights=estimates) ** 0.5
    return float(ratio), float(2 * spread / ratio / len(pairs) ** 0.5)
