"""Texts that repeat themselves: every break in them is as good as the next."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text import dividing
from tests.text.plain_chunks import split_document


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.data())
def test_lowest_rank_is_found_as_by_a_plain_scan(ranks, data):
    values = np.asarray(ranks, dtype=np.int64)
    low = data.draw(st.integers(0, len(ranks) - 1))
    high = data.draw(st.integers(low, len(ranks) - 1))
    with_blocks = dividing.Lowest(values, block=4)
    assert with_blocks.between(low, high) == low + int(np.argmin(values[low : high + 1]))


def test_text_that_repeats_itself_is_cut_in_time_in_proportion():
    started = time.process_time()
    spans = split_document("d", None, "word " * 400_000)
    assert spans[-1].end_char == 1_999_999
    assert time.process_time() - started < 10
