"""What a reader sees as one character is in one chunk, in any script."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text.chunking import MAX_TOKENS, ChunkSizes
from semantic_assets.text.graphemes import continues
from semantic_assets.text.tokens import estimate_tokens
from tests.text.plain_chunks import split_document

FAMILY = "👩‍👩‍👧‍👦"
_CLUSTERS = [
    *(FAMILY, "🇩🇪", "🇨🇭", "👍🏽", "❤️", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "ẹ́", "が", "한", "각", "क्ष", "क्षि"),
    *("กำ", "ก็", "நி", "ကြ", "שָׁ", "لَّ", "a", "é", "風", "\u0600\u0661"),
]


def _cut_places(text: str, sizes: ChunkSizes) -> set[int]:
    spans = split_document("d", None, text, sizes)
    return {place for span in spans for place in (span.start_char, span.end_char)}


def _edges(text: str) -> set[int]:
    return {0, *(found.end() for found in regex.finditer(r"\X", text))}


@pytest.mark.parametrize("cluster", _CLUSTERS)
def test_a_cluster_is_whole_in_a_text_of_nothing_else(cluster: str) -> None:
    text = cluster * 5_000
    places = _cut_places(text, ChunkSizes())
    assert len(places) > 2
    assert places <= _edges(text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*_CLUSTERS, " ", "\n", "\n\n", ". ", "。", "，", ", ", "\u0301"]),
            st.integers(1, 60),
        ),
        max_size=30,
    ),
    st.sampled_from([ChunkSizes(20, 5), ChunkSizes(60, 10)]),
)
def test_no_cut_is_inside_a_cluster(pieces: list[tuple[str, int]], sizes: ChunkSizes) -> None:
    text = "".join(piece * count for piece, count in pieces)
    heavy = [found for found in regex.findall(r"\X", text) if estimate_tokens(found) > 10]
    if heavy:
        return  # a cluster as large as a chunk is the one that may be cut
    first = len(text) - len(text.lstrip())
    for place in _cut_places(text, sizes) - {first}:
        assert place in _edges(text) or text[place - 1].isspace() or text[place].isspace()
        assert place == len(text) or not continues(text[place])


def test_a_letter_with_more_accents_than_fit_in_a_chunk_is_cut() -> None:
    text = "e" + "\u0301" * 5_000
    spans = split_document("d", None, text)
    assert "".join(span.text for span in spans) == text
    assert max(span.token_estimate for span in spans) <= MAX_TOKENS
