"""Vectors of judged questions, embedded in real time once for each space."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.errors import BrokenFile
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.store import Store
from semantic_assets.text.characters import canonical
from semantic_assets.text.fingerprint import text_hash

Vectors = npt.NDArray[np.float32]


def query_vectors(
    store: Store, gemini: Gemini, space: EmbeddingSpace, queries: Sequence[str]
) -> Vectors:
    """Return unit vectors in the order of the questions, shape (n, dimensions).

    Raises:
        SpendRefused: the new questions cost more than the day's cap allows.
        TransientError: the API did not answer; questions embedded before are kept.
    """
    with store.ledger.leases.holding(lease_names.of_queries(space.space_id)) as lease:
        known = _read(store, space)
        queries = [canonical(query) for query in queries]
        new = [text for text in dict.fromkeys(queries) if text_hash(text) not in known]
        for part in call_groups(new, space.query_text):  # kept call by call
            known.update(_embed(store, gemini, space, part))
            lease.require()
            _write(store, space, known)
    return np.stack([known[text_hash(text)] for text in queries])


def _embed(
    store: Store, gemini: Gemini, space: EmbeddingSpace, texts: list[str]
) -> dict[str, Vectors]:
    vectors = embed_questions(store, gemini, space, texts)
    return {text_hash(text): vector for text, vector in zip(texts, vectors, strict=True)}


def _read(store: Store, space: EmbeddingSpace) -> dict[str, Vectors]:
    path = layout.query_vectors(space.space_id)
    if not store.lake.exists(path):
        return {}
    try:
        table = store.lake.read(path)
    except BrokenFile as error:
        store.report_progress(f"{path} was broken ({error.why}): the questions are embedded again")
        return {}
    vectors = table["vector"].combine_chunks().values.to_numpy().reshape(-1, space.dimensions)
    return dict(zip(table["text_hash"].to_pylist(), vectors, strict=True))


def _write(store: Store, space: EmbeddingSpace, known: dict[str, Vectors]) -> None:
    matrix = np.stack(list(known.values())).astype(np.float32)
    vector = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), space.dimensions)
    table = pa.table({"text_hash": pa.array(list(known), pa.string()), "vector": vector})
    with store.lake.writing(layout.query_vectors(space.space_id), table.schema, {}) as file:
        file.write(table)
