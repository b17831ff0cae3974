"""The proof of a version: what is broken is refused, what an approximation may miss is not."""

from dataclasses import replace

import numpy as np
import pytest

from semantic_assets.errors import CorruptResult
from semantic_assets.index.faiss import FaissFinder
from semantic_assets.index.opened_version import Index
from semantic_assets.model.backends import EXACT, FAISS
from semantic_assets.pipeline.vector_index.verify import prove
from tests.factories import make_vectors
from tests.index.conftest import Make, make, server, stores  # noqa: F401

ROWS, DIMENSIONS = 8_000, 384


def proven(index: Index) -> None:
    names = frozenset(part.name for part in index.parts)
    prove(index, "acme/manuals 000001", names, names)


#: Of the rows that are looked at the first alone is one of them.
NAMES = np.array([0, *range(1, ROWS, 16)])


def clustered(seed: int = 0) -> np.ndarray:
    """Return vectors around one centre for each ten, as texts have neighbours."""
    centres = np.repeat(make_vectors(ROWS // 10, DIMENSIONS, seed=seed), 10, axis=0)
    return _unit(centres + 0.7 * make_vectors(ROWS, DIMENSIONS, seed=seed + 1))


def lists_of_names() -> np.ndarray:
    """Return vectors of which some are nearly the first: their cosines are about 0.998."""
    vectors = clustered()
    near = vectors[0] + 0.045 * make_vectors(len(NAMES), DIMENSIONS, seed=3)
    vectors[NAMES] = _unit(near)
    return vectors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_rows_nearer_to_one_another_than_codes_tell_are_no_damage(make: Make) -> None:  # noqa: F811
    index = make(lists_of_names(), FAISS)
    selves = np.concatenate([part.vectors for part in index.parts])[NAMES]
    missed = sum(hits[0][1] < 0.999 for hits in index.nearest_of_each(selves, 1))
    assert 0 < missed < len(selves) // 2
    proven(index)


@pytest.mark.parametrize("backend", [EXACT, FAISS])
def test_a_version_as_it_was_written_is_proven(make: Make, backend: str) -> None:  # noqa: F811
    proven(make(clustered(), backend))


@pytest.mark.parametrize("backend", [EXACT, FAISS])
def test_a_vector_that_is_no_unit_vector_is_refused(make: Make, backend: str) -> None:  # noqa: F811
    vectors = clustered()
    vectors[0] *= 0.5
    with pytest.raises(CorruptResult, match=r"000001: a row does not find itself; .*index build"):
        proven(make(vectors, backend))


def test_codes_of_other_rows_are_refused_with_the_exact_backend_as_the_way_out(
    make: Make,  # noqa: F811
) -> None:
    index = make(clustered(), FAISS)
    other = make(clustered(1), FAISS)
    assert isinstance(index.finder, FaissFinder)
    assert isinstance(other.finder, FaissFinder)
    mixed = replace(index, finder=FaissFinder(index.finder.parts, other.finder.codes))
    with pytest.raises(CorruptResult, match=r"finds 0\.\d\d of the nearest .*BACKEND=exact"):
        proven(mixed)
