"""The fast path gives the plain functions' chunks, byte for byte; another byte is paid for again."""

import random
import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text import paragraphs, sentences, tokens
from semantic_assets.text.chunking import ChunkSizes, TextToSplit, divide_documents
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.tokens import Weights, character_codes, weight_of
from tests.text.plain_chunks import made, plain

SMALL = ChunkSizes(60, 10)
_PIECES = [
    *("Alpha", "beta.", "gamma,", "Dr.", "U.S.", "12.", "e\u0301", "\u3002", "你好", "мир", "😀"),
    *("👩\u200d👩\u200d👧", "\u0301", "🇩🇪🇫🇷", "- item", "# Head", "## Sub", "```", "| a | b |"),
    *("|---|---|", "\t", "  ", "\n", "\n\n", "\n \t\n", "\n\n\n", "\u3000", "\u2028", "\x85"),
    *("\v", "\f", "def f(x):", "class A:", "    x = 1", "}", "// c", "====", "----", "1) one"),
    *("* two", "x" * 40, "ß", "A? b", '!" Q', "22", "   " * 8, "> q", "<pre>", "</pre>", "..."),
]
_texts = st.lists(st.tuples(st.sampled_from(_PIECES), st.integers(1, 20)), max_size=60).map(
    lambda pieces: "".join(piece * count for piece, count in pieces)
)
_documents = st.builds(
    TextToSplit,
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, "", "A  title", "Ünïcode"]),
    _texts,
    st.sampled_from([None, "What a model said"]),
    st.sampled_from(list(TextKind)),
    st.sampled_from([SMALL, ChunkSizes()]),
)


@given(st.lists(_documents, max_size=5))
def test_chunks_are_those_that_plain_functions_make_one_by_one(documents: list[TextToSplit]):
    for divided in divide_documents(documents):
        assert made(divided) == plain(divided)


@given(_texts)
def test_the_weight_of_a_part_is_that_of_its_text(text: str):
    (divided,) = divide_documents([TextToSplit("d", None, text, sizes=SMALL)])
    edges = divided.edges
    parts = [text[start:end] for start, end in pairwise(edges)]
    assert divided.weights == [weight_of(part) for part in parts]


@given(_texts)
def test_the_weight_before_a_place_is_that_of_the_text_before_it(text: str):
    places = np.arange(len(text) + 1)
    found = Weights(character_codes(f"{text}\0")).before(places)
    assert found.tolist() == [weight_of(text[:place]) for place in places.tolist()]


@pytest.mark.parametrize("length", [3 * tokens._BLOCK + 8, tokens._LONG, tokens._LONG + 17])
def test_sums_of_weights_go_on_from_block_to_block(length: int):
    text = ("ab1 é" * length)[:length]
    places = np.asarray([0, 1, tokens._BLOCK - 1, tokens._BLOCK, 3 * tokens._BLOCK + 7, length])
    found = Weights(character_codes(text)).before(places)
    assert found.tolist() == [weight_of(text[:place]) for place in places.tolist()]


@given(_texts)
def test_breaks_are_the_runs_of_line_ends_with_only_blanks_between(text: str):
    lines = paragraphs.lines_of(f"{text}\0", character_codes(f"{text}\0"))
    found = [*re.finditer(r"\n(?:[ \t\f]*\n)+[ \t\f]*", text)]
    assert lines.behind.tolist() == [one.end() for one in found]
    assert lines.ends[lines.first].tolist() == [one.start() for one in found]
    last = [one.start() + one[0].rindex("\n") for one in found]
    assert lines.ends[lines.last].tolist() == last


@given(_texts)
def test_ends_of_sentences_are_found_as_by_trying_at_every_letter(text: str):
    spaced, unspaced, closers = sentences._SPACED, sentences._UNSPACED, sentences._CLOSERS
    plainly = re.compile(
        rf"(?:[{spaced}]{{1,8}}[{closers}]{{0,4}}(?=\s)|[{unspaced}]{{1,8}}[{closers}]{{0,4}})\s*"
    )
    found = [one.span() for one in sentences._END.finditer(text)]
    assert found == [one.span() for one in plainly.finditer(text)]


def _articles(seed: int, count: int) -> Iterator[str]:
    """Texts of every length and script, the same on every machine."""
    drawn = random.Random(seed)
    for _ in range(count):
        pieces = drawn.sample(_PIECES, drawn.randint(3, len(_PIECES)))
        between = drawn.choice([" ", "", "\n", "\n\n", " "])
        length = drawn.choice([5, 30, 200, 900, 3_000])
        yield between.join(drawn.choice(pieces) for _ in range(length)).strip()


@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        (TextKind.PLAIN, "fbab8f586f892c3cbb0b043fb5191bb7"),
        (TextKind.MARKUP, "8c3888a1f75b94d6b3c6886893cadc92"),
        (TextKind.CODE, "5902a2438e53f261a2770d55dc5757d5"),
    ],
)
def test_chunks_stay_what_was_paid_for(kind: TextKind, digest: str):
    """Digests of ids, hashes, offsets and estimates by CODE_VERSION 4; raise that to change them."""
    texts = [text for text in _articles(7, 120) if text]
    found = blake2b(digest_size=16)
    for sizes in (ChunkSizes(), SMALL):
        documents = [
            TextToSplit(f"d{n}", "Tïtle" if n % 2 else None, text, None, kind, sizes)
            for n, text in enumerate(texts)
        ]
        for divided in divide_documents(documents):
            for span in made(divided):
                found.update(repr((*span[:5], *span[7:])).encode())
    assert found.hexdigest() == digest
