"""Let Google count a sample of texts: countTokens answers for embedding models too (live, 2026).

It costs nothing, but each text is a request of its own, which counts against the quota of requests.
A text is drawn by its hash: an even draw, and the same one each time.
"""

from collections.abc import Mapping, Sequence
from heapq import nsmallest

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.catalog import embedding_model
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.calibration import LEAST_TEXTS, Calibration, learned_ratio
from semantic_assets.store import Store
from semantic_assets.text.scripts import Script, script_of

#: Texts counted of each script; they are looked for among so many.
SAMPLE, _CANDIDATES = 40, 2_000


def count_sample(
    store: Store, gemini: Gemini, space: EmbeddingSpace, keys: Mapping[ShardKey, Sequence[str]]
) -> dict[Script, Calibration]:
    """Return the calibration of each script of these texts that is not too rare among them.

    Raises:
        TransientError: a request failed, and how many were made before it.
        PermanentError: the model's tokens cannot be counted.
    """
    texts = sum(map(len, keys.values()))
    found: dict[Script, Calibration] = {}
    for script, drawn in _drawn(store, keys).items():
        is_whole = texts <= _CANDIDATES
        if not is_whole and len(drawn) < LEAST_TEXTS:
            continue  # too few to calibrate by: not asked for
        made = sum(one.requests for one in found.values())
        pairs = _counted(gemini, space, drawn[:SAMPLE], made)
        found[script] = learned_ratio(pairs, of=len(drawn) if is_whole else None)
    return found


def _drawn(
    store: Store, keys: Mapping[ShardKey, Sequence[str]]
) -> dict[Script, list[tuple[str, int]]]:
    """Return (text, our estimate) of the texts drawn, by script, in the order of their hashes."""
    pairs = ((key, shard) for shard, its in keys.items() for key in its)
    shards: dict[ShardKey, set[str]] = {}
    for key, shard in nsmallest(_CANDIDATES, pairs):
        shards.setdefault(shard, set()).add(key)
    rows: dict[str, tuple[str, int]] = {}
    for shard, its in shards.items():
        columns = ["text_hash", "vector_text", "token_estimate"]
        chunks = store.lake.read(layout.chunks(shard), columns)
        held = chunks.filter(pc.is_in(chunks["text_hash"], pa.array(its, pa.string())))
        rows |= {row["text_hash"]: _pair(row) for row in held.to_pylist()}
    found: dict[Script, list[tuple[str, int]]] = {}
    for key in sorted(rows):
        found.setdefault(script_of(rows[key][0]), []).append(rows[key])
    return found


def _pair(row: Mapping[str, object]) -> tuple[str, int]:
    return str(row["vector_text"]), int(str(row["token_estimate"]))


def _counted(
    gemini: Gemini, space: EmbeddingSpace, drawn: Sequence[tuple[str, int]], made: int
) -> list[tuple[int, int]]:
    """Return (our estimate, Google's count) of each; what is over a model's limit is not billed."""
    most, pairs = embedding_model(space.model).max_input_tokens, list[tuple[int, int]]()
    for text, estimate in drawn:
        try:
            count = gemini.count_tokens(space.model, space.document_text(text))
        except TransientError as error:
            raise TransientError(
                f"counting stopped after {made + len(pairs)} requests: {error}; try again later, or "
                "`semantic-assets estimate` without --exact, which asks nothing"
            ) from error
        pairs.append((estimate, min(count, most)))
    return pairs
