"""Vectors held while a file is decoded are those that the canary then asks for."""

import numpy as np
import pytest

from semantic_assets.batching.answers import BLOCK_ROWS, AnswerBlock
from semantic_assets.batching.canary_candidates import CanaryCandidates
from semantic_assets.batching.canary_rows import choose_canaries
from semantic_assets.batching.job_keys import JobKeys

DIMENSIONS = 4


def blocks_of(counts: list[int | None], failed: set[int]) -> list[AnswerBlock]:
    """A file whose vectors hold the numbers of their rows."""
    rows = list(range(len(counts)))
    blocks = []
    for first in range(0, len(rows), BLOCK_ROWS):
        here = rows[first : first + BLOCK_ROWS]
        vectors = np.repeat(np.array(here, np.float32)[:, None], DIMENSIONS, axis=1)
        outcomes = ["transient" if row in failed else "ok" for row in here]
        blocks.append(
            AnswerBlock(
                vectors=vectors,
                keys=[f"{row:032x}" for row in here],
                tokens=[None if row in failed else counts[row] for row in here],
                outcomes=outcomes,
                error_codes=[None] * len(here),
                error_messages=[None] * len(here),
            )
        )
    return blocks


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [1, 40, 1_024, 5_000])
def test_what_is_chosen_of_a_file_was_held(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    estimates = rng.integers(300, 600, rows)
    counts: list[int | None] = (estimates * rng.lognormal(0.1, 0.2, rows)).astype(int).tolist()
    for row in rng.integers(rows, size=rows // 50).tolist():
        counts[row] = None  # a line need not carry a count
    failed = set(rng.integers(rows, size=rows // 20).tolist())
    keys = JobKeys([f"{row:032x}" for row in range(rows)], estimates)
    candidates = CanaryCandidates(keys, f"job{seed}")
    for block in blocks_of(counts, failed):
        candidates.see(block)
    answered = np.array([row for row in range(rows) if row not in failed], int)
    chosen = answered[
        choose_canaries(
            estimates[answered].astype(float),
            np.array([counts[row] or 0 for row in answered], float),
            f"job{seed}",
        )
    ]
    held = candidates.held()
    assert set(chosen.tolist()) <= set(held)
    assert all((vector == position).all() for position, vector in held.items())


def test_a_few_hundred_rows_of_any_file_are_held() -> None:
    candidates = CanaryCandidates(JobKeys([]), "job")
    for block in blocks_of([1 + row % 7 for row in range(20_000)], set()):
        candidates.see(block)
    held = candidates.held()
    assert 150 <= len(held) <= 450
    assert all(vector.base is None for vector in held.values())
