"""Chunking: nothing lost, nothing too large, headings right, and cuts that stay where they were."""

import random
import time
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text.chunking import MAX_TOKENS, MIN_TOKENS, TextToSplit
from semantic_assets.text.fingerprint import text_hash
from semantic_assets.text.tokens import estimate_tokens
from tests.text.plain_chunks import Span, split_document, split_documents

#: Tokens the model reads of a text; it drops the rest in silence.
MODEL_LIMIT = 2_048

_PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["\n\n", "\n", " ", "\t\n \n", "# One\n\n", "\n## Two\n", "\u3000", "\u2028", "\x1f"]
    ),
    st.sampled_from(["😀", "風", "a", "word ", "End. ", "。", "-", "#", "# ", "е́", "👩‍👩‍👧‍👦"]),
)
documents = st.lists(st.tuples(_PIECES, st.integers(1, 900)), max_size=8).map(
    lambda pieces: "".join(piece * count for piece, count in pieces)
)


def check(text: str) -> list[Span]:
    """Chunk a text and hold the result against all that is promised for any text."""
    spans = split_document("d", None, text)
    position = 0
    for index, span in enumerate(spans):
        assert span.chunk_index == index
        assert not text[position : span.start_char].strip()
        assert text[span.start_char : span.end_char] == span.text == span.text.strip() != ""
        assert estimate_tokens(span.text) <= MAX_TOKENS
        assert span.text_hash == text_hash(span.vector_text)
        assert span.token_estimate == estimate_tokens(span.vector_text)
        assert span.vector_text.endswith(span.text)
        position = span.end_char
    assert not text[position:].strip()
    assert len({span.chunk_id for span in spans}) == len(spans)
    return spans


@given(documents)
def test_each_character_that_is_not_white_space_is_in_exactly_one_chunk(text: str) -> None:
    assert check(text) == check(text)


@given(st.lists(documents, max_size=5))
def test_a_document_is_cut_the_same_whatever_it_is_cut_with(texts: list[str]) -> None:
    together = split_documents([TextToSplit(str(n), None, text) for n, text in enumerate(texts)])
    alone = [split_document(str(n), None, text) for n, text in enumerate(texts)]
    assert list(together) == alone


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one line of one letter", "a" * 200_000),
        ("one line of words", "word " * 40_000),
        ("no line breaks but sentences", "One two three. " * 10_000),
        ("digits", "0123456789" * 10_000),
        ("Chinese without spaces", "风速超过每秒十五米时必须关闭圆顶的狭缝" * 4_000),
        ("Chinese sentences", "风速超过每秒十五米时必须关闭圆顶的狭缝。" * 4_000),
        ("emoji", "👩‍👩‍👧‍👦😀" * 10_000),
        ("single line breaks", "word word word\n" * 10_000),
        ("headings only", "# A\n\n" * 5_000),
        ("hashes", "#" * 100_000),
        ("white space round a word", " \n" * 50_000 + "word" + "\n" * 50_000),
        ("Windows paragraphs", ("word " * 60 + "\r\n\r\n") * 300),
    ],
)
def test_large_texts_of_one_kind_are_cut_completely(name: str, text: str) -> None:
    spans = check(text)
    assert len(spans) >= estimate_tokens(text.strip()) / MAX_TOKENS


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "\u3000\u2028"])
def test_white_space_has_no_chunks(text: str) -> None:
    assert split_document("d", "Title", text) == []


def test_a_text_that_fits_is_one_chunk() -> None:
    text = "  First.\n\n# Heading\n\nSecond.\n"
    (span,) = check(text)
    assert (span.start_char, span.end_char) == (2, len(text) - 1)


# -- where the cuts are ---------------------------------------------------------------------------

WORDS = [f"w{number:03d}x" + "abcdefgh"[: number % 8] for number in range(700)]


def _paragraph(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(15, 60))) + "."


def _paragraphs(seed: int, count: int = 120) -> list[str]:
    rng = random.Random(seed)
    return [_paragraph(rng) for _ in range(count)]


def _ids(paragraphs: list[str]) -> set[str]:
    return {span.chunk_id for span in split_document("d", None, "\n\n".join(paragraphs))}


def test_prose_is_cut_at_paragraphs_into_parts_of_a_fair_size() -> None:
    for seed in range(10):
        paragraphs = _paragraphs(seed)
        spans = check("\n\n".join(paragraphs))
        assert len(spans) > 10
        assert mean(estimate_tokens(span.text) for span in spans) > MAX_TOKENS / 3
        for span in spans:
            assert set(span.text.split("\n\n")) <= set(paragraphs)
            assert estimate_tokens(span.text) >= MIN_TOKENS - 1  # less the break that is trimmed


def test_sentences_are_kept_whole_where_a_paragraph_is_too_large() -> None:
    sentence = "The quick brown fox jumps over the lazy dog."
    for span in check(" ".join([sentence] * 300)):
        assert set(span.text.replace(". ", ".|").split("|")) == {sentence}


def test_words_are_kept_whole_where_a_sentence_is_too_large() -> None:
    for span in check("antidisestablishment " * 1_000):
        assert set(span.text.split()) == {"antidisestablishment"}


def test_one_paragraph_inserted_somewhere_changes_few_chunks_of_a_long_document() -> None:
    """What an edit costs does not follow the length of the document."""
    changed = {}
    for length in (60, 240):
        costs = []
        for seed in range(30):
            rng = random.Random(1_000 + seed)
            paragraphs = _paragraphs(seed, length)
            before = _ids(paragraphs)
            paragraphs.insert(rng.randrange(length), _paragraph(rng))
            costs.append(len(_ids(paragraphs) - before))
        changed[length] = mean(costs)
    assert changed[60] <= 2.0
    assert changed[240] <= 2.0  # of about 80: an ordinary splitter re-cuts half of them


@pytest.mark.parametrize("edit", ["delete", "reword", "append", "prepend"])
def test_other_edits_change_few_chunks_too(edit: str) -> None:
    costs = []
    for seed in range(20):
        rng = random.Random(seed)
        paragraphs = _paragraphs(seed, 150)
        before = _ids(paragraphs)
        place = rng.randrange(len(paragraphs))
        if edit == "delete":
            del paragraphs[place]
        elif edit == "reword":
            paragraphs[place] += " And a word more."
        else:
            paragraphs.insert(0 if edit == "prepend" else 150, _paragraph(rng))
        costs.append(len(_ids(paragraphs) - before))
    assert 0.5 <= mean(costs) <= 2.0


# -- identities -----------------------------------------------------------------------------------

TEXT = "\n\n".join(["# Setup", *_paragraphs(7, 40)])


def test_a_chunk_id_follows_document_and_text_and_not_title_or_place() -> None:
    spans = split_document("d", None, TEXT)
    ids = [span.chunk_id for span in spans]
    assert [span.chunk_id for span in split_document("d", "A title", TEXT)] == ids
    assert [span.chunk_id for span in split_document("d", None, "\n\n\n" + TEXT)] == ids
    assert not set(ids) & {span.chunk_id for span in split_document("e", None, TEXT)}


def test_a_title_changes_what_is_embedded() -> None:
    plain, titled = split_document("d", None, TEXT), split_document("d", "Manual", TEXT)
    assert not {span.text_hash for span in plain} & {span.text_hash for span in titled}


def test_the_same_text_twice_in_a_document_has_two_ids_and_one_hash() -> None:
    paragraph = "word " * 640  # two do not fit in one chunk
    one, other = split_document("d", None, f"{paragraph}\n\n{paragraph}")
    assert one.text == other.text
    assert one.text_hash == other.text_hash
    assert one.chunk_id != other.chunk_id


# -- headings and context -------------------------------------------------------------------------

BODY = "word " * 640  # one chunk each


def _paths(*parts: str) -> list[str | None]:
    return [span.heading_path for span in split_document("d", None, "\n\n".join(parts))]


def test_a_document_is_divided_at_its_highest_headings_first() -> None:
    rng = random.Random(3)
    names = [f"# Part {number}" for number in range(12)]
    lines: list[str] = []
    for name in names:  # each about 600 tokens: no two fit together
        halves = [" ".join(rng.choices(WORDS, k=20)) for _ in range(6)]
        lines += [name, *halves[:3], f"## more of {name[2:]}", *halves[3:]]
    spans = check("\n\n".join(lines))
    assert [span.text.partition("\n")[0] for span in spans] == names


def test_a_chunk_stands_under_the_headings_above_it() -> None:
    assert _paths("# A", BODY, "## B", BODY, "### C", BODY, "## D", BODY, "# E", BODY) == [
        None,  # it shows its own heading
        "A",
        "A > B",
        "A",
        None,
    ]


def test_what_follows_in_the_same_section_names_its_own_heading_too() -> None:
    assert _paths("# A", "## B", BODY, BODY, BODY)[1:] == ["A > B", "A > B"]


def test_deeper_headings_end_with_a_higher_one() -> None:
    assert _paths("# A", "### deep", BODY, "# B", BODY, BODY)[1:] == [None, "B"]


@pytest.mark.parametrize("line", ["#hashtag", "####### seven", "#", "a # b", "\\# no"])
def test_what_is_no_heading_leaves_no_path(line: str) -> None:
    assert _paths(line, BODY, BODY) == [None, None]


def test_title_and_headings_stand_before_the_text_that_is_embedded() -> None:
    spans = split_document("d", "Manual", f"# A\n\n{BODY}\n\n{BODY}")
    assert spans[1].vector_text == f"Manual > A\n\n{spans[1].text}"
    (alone,) = split_document("d", None, "text")
    assert alone.vector_text == "text"
    (empty,) = split_document("d", "", "text")
    assert empty.vector_text == "text"


def test_a_hash_in_the_middle_of_a_line_is_no_heading() -> None:
    line = "One two three. " * 400 + "# 5 of them are open. " + "One two three. " * 400
    assert {span.heading_path for span in split_document("d", None, line)} == {None}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("A sentence that was taken for the title. " * 300, "The text itself."),
        (None, "\n".join(f"{'#' * n} {'as long as a paragraph ' * 100}" for n in range(1, 7))),
        ("冷" * 999, "\n".join(f"{'#' * n} {'却' * 999}" for n in range(1, 7))),
    ],
    ids=["title", "headings", "both"],
)
def test_no_text_is_longer_than_the_model_reads(title: str | None, text: str) -> None:
    spans = split_document("d", title, f"{text}\n\n{BODY}")
    assert max(span.token_estimate for span in spans) <= MODEL_LIMIT


def test_white_space_behind_a_hash_takes_time_in_proportion() -> None:
    text = "# " + " " * 5_000 + "\nword\n\n" + "word " * 1_000
    began = time.process_time()
    split_document("d", None, text)
    assert time.process_time() - began < 0.05  # its square would be 0.25 s, and minutes for 100,000
