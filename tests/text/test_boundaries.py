"""Chunks as a reader would have cut: where one ends, and what the next one carries."""

import random
import re

import pytest

from semantic_assets.text.chunking import ChunkSizes, TextToSplit
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.tokens import estimate_tokens
from tests.text.plain_chunks import Span, split_documents

WORDS = [f"w{number:03d}x" + "abcdefgh"[: number % 8] for number in range(700)]
SMALL, MIDDLE, LARGE = ChunkSizes(100, 20), ChunkSizes(300, 60), ChunkSizes()


def _split(
    text: str,
    kind: TextKind = TextKind.MARKUP,
    sizes: ChunkSizes = SMALL,
    title: str | None = None,
    context: str | None = None,
) -> list[Span]:
    (spans,) = split_documents([TextToSplit("d", title, text, context, kind, sizes)])
    kept = "".join(span.text for span in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(text[span.start_char : span.end_char] == span.text for span in spans)
    assert max(span.token_estimate for span in spans) <= sizes.max_tokens
    return spans


def _sentence(rng: random.Random, words: int = 9) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def _paragraph(rng: random.Random, sentences: int = 4, between: str = " ") -> str:
    return between.join(_sentence(rng) for _ in range(sentences))


# -- plain text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [SMALL, MIDDLE, LARGE])
def test_a_short_line_goes_with_what_follows_it(sizes: ChunkSizes) -> None:
    rng = random.Random(1)
    parts = []
    for number in range(150):
        parts += [f"4.{number}.  Name of a section"] * (number % 3 == 0)
        parts.append("   " + _paragraph(rng, rng.randint(1, 3)).replace(". ", ".\n   "))
    for span in _split("\n\n".join(parts), TextKind.PLAIN, sizes):
        assert span.text.endswith(".")


@pytest.mark.parametrize("heading", ["A name\n======", "For example:", "A NAME"])
def test_what_leads_to_the_next_paragraph_is_not_left_behind(heading: str) -> None:
    rng = random.Random(2)
    parts = [f"{heading}\n\n{_paragraph(rng, 2)}" for _ in range(60)]
    for span in _split("\n\n".join(parts), TextKind.PLAIN):
        assert span.text.endswith(".")
        assert not span.text.endswith(heading)


def test_short_lines_alone_are_divided_between_lines() -> None:
    lines = [f"{word} of a list" for word in WORDS]
    spans = _split("\n\n".join(lines), TextKind.PLAIN)
    assert len(spans) > 20
    assert [line for span in spans for line in span.text.split("\n\n")] == lines


def test_the_end_of_a_line_or_page_is_no_end_of_a_sentence() -> None:
    rng = random.Random(3)
    words = " ".join(_sentence(rng, 14) for _ in range(200)).split(" ")
    text = "".join(
        word + ("\n\n" if n % 97 == 96 else "\n" if n % 11 == 10 else " ")
        for n, word in enumerate(words)
    )
    for sizes in (SMALL, MIDDLE):
        for span in _split(text.strip(), TextKind.PLAIN, sizes):
            assert span.text.endswith(".")


def test_items_and_rows_are_whole_in_plain_text_too() -> None:
    rng = random.Random(4)
    items = [f"* {_paragraph(rng, 2)}\n  {_sentence(rng)}" for _ in range(60)]
    for span in _split("\n".join(items), TextKind.PLAIN, MIDDLE):
        assert span.text.startswith("* ")
    rows = ["\t".join(rng.choices(WORDS, k=3)) + "\tA. B. C" for _ in range(200)]
    for span in _split("\n".join(rows), TextKind.PLAIN):
        assert set(span.text.split("\n")) <= set(rows)


# -- Markdown -------------------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["{} name", "{} name\n", "{} name\n\n\n"])
def test_a_heading_is_never_the_last_of_a_chunk(above: str) -> None:
    rng = random.Random(5)
    parts = []
    for number in range(80):
        marks = "#" * (1 + number % 4)
        parts += [above.format(marks)] * (number % 2) + [_paragraph(rng, rng.randint(1, 6))]
    for span in _split("\n".join(parts)):
        assert not span.text.rsplit("\n", 1)[-1].startswith("#")


def test_an_underlined_heading_goes_with_its_text_and_stands_above_the_rest() -> None:
    rng = random.Random(6)
    text = f"First\n=====\n\n{_paragraph(rng, 20)}\n\nSecond\n---\n\n{_paragraph(rng, 20)}"
    spans = _split(text)
    second = next(n for n, span in enumerate(spans) if "Second" in span.text)
    assert spans[second].text.startswith("Second\n---\n\nW")
    assert {span.heading_path for span in spans[1 : second + 1]} == {"First"}
    assert {span.heading_path for span in spans[second + 1 :]} == {"First > Second"}


def test_a_block_of_code_is_whole_where_it_fits() -> None:
    rng = random.Random(7)
    blocks = [
        "```python\n" + "\n\n".join(f"x = {n}  # {rng.choice(WORDS)}" for n in range(3)) + "\n```"
        for _ in range(40)
    ]
    parts = [part for block in blocks for part in (_paragraph(rng, rng.randint(1, 3)), block)]
    spans = _split("\n\n".join(parts))
    assert all(span.text.count("```") % 2 == 0 for span in spans)


def test_a_block_of_code_that_is_too_large_is_divided_between_its_lines() -> None:
    lines = [f"call_{n}(a, b. c, d)" + ("\n" if n % 9 == 8 else "") for n in range(120)]
    text = "Text.\n\n```\n" + "\n".join(lines) + "\n```\n\nText."
    found = [line for span in _split(text) for line in span.text.split("\n") if "call" in line]
    assert found == [line.rstrip() for line in lines]


def test_a_list_item_is_whole_where_it_fits() -> None:
    rng = random.Random(8)
    items = [f"- {_paragraph(rng, 2)}\n\n  {_sentence(rng)}" for _ in range(40)]
    for text in ("\n\n".join(items), "\n".join(item.replace("\n\n", "\n") for item in items)):
        for span in _split(text, TextKind.MARKUP, MIDDLE):
            assert span.text.startswith("- ")


HEAD = "| name | value |\n| --- | --- |"


def test_each_chunk_of_a_table_carries_its_head() -> None:
    rows = [f"| {word} | {n}. One. Two |" for n, word in enumerate(WORDS[:120])]
    spans = _split(f"# T\n\nText.\n\n{HEAD}\n" + "\n".join(rows) + "\n\nText.", title="Manual")
    inside = [span for span in spans if span.text.startswith("| w")]
    assert len(inside) > 10
    for span in inside:
        assert span.vector_text == f"Manual > T\n\n{HEAD}\n{span.text}"
    found = [line for span in spans for line in span.text.split("\n") if line.startswith("| w")]
    assert found == rows
    assert sum(HEAD in span.text for span in spans) == 1
    assert sum(HEAD in span.vector_text for span in spans) == len(inside) + 1


def test_a_head_that_leaves_rows_no_room_is_not_carried() -> None:
    head = "| " + " | ".join(WORDS[:30]) + " |\n|" + "---|" * 30
    spans = _split(f"{head}\n" + "\n".join(f"| {word} |" for word in WORDS[:100]))
    assert all(head not in span.vector_text for span in spans[2:])


# -- source code ----------------------------------------------------------------------------------


def _function(rng: random.Random, name: str, indent: str = "") -> str:
    body = "\n".join(f"{indent}    {rng.choice(WORDS)} = {n}" for n in range(rng.randint(2, 6)))
    return f"{indent}@cached\n{indent}def {name}(a):\n{body}\n\n{indent}    return a"


def test_code_is_divided_where_a_definition_begins() -> None:
    rng = random.Random(9)
    functions = [f"# About it.\n{_function(rng, f'f{n}')}" for n in range(40)]
    for text in ("\n\n\n".join(functions), "\n".join(functions)):
        for span in _split(text, TextKind.CODE, ChunkSizes(200, 20)):
            assert span.text.startswith("# About it.\n@cached\ndef f")


def test_a_method_stands_under_its_class() -> None:
    rng = random.Random(10)
    methods = "\n\n".join(_function(rng, f"m{n}", "    ") for n in range(12))
    spans = _split(f"class Dome:\n{methods}\n\n\ndef last():\n    pass", TextKind.CODE)
    assert len(spans) > 5
    for span in spans[1:]:
        begins = span.text.startswith("@cached")
        assert span.heading_path is not None
        assert begins == (span.heading_path == "class Dome")
        assert span.heading_path.startswith("class Dome")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("export default class Dome extends Base {", "class Dome"),
        ("pub(crate) fn open(self) {", "fn open"),
        ("func (d *Dome) Open() error {", "func (d *Dome) Open"),
        ("    public static final int open(int a) {", "open"),
        ("impl Dome {", "impl Dome"),
        ("async function open() {", "function open"),
    ],
)
def test_definitions_of_many_languages_enclose_their_lines(line: str, name: str) -> None:
    body = "\n".join(f"        {word} += 1;" for word in WORDS[:60])
    spans = _split(f"{line}\n{body}\n}}", TextKind.CODE)
    assert {span.heading_path for span in spans[1:]} == {name}


def test_a_comment_in_code_and_in_plain_text_is_no_heading() -> None:
    text = "\n\n".join(f"# comment {n}\n{word} = 1" for n, word in enumerate(WORDS[:100]))
    for kind in (TextKind.CODE, TextKind.PLAIN):
        assert {span.heading_path for span in _split(text, kind)} == {None}


# -- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [ChunkSizes(20, 5), SMALL, LARGE])
@pytest.mark.parametrize("title", [None, "Short", "A title of many words " * 9, "冷" * 200])
@pytest.mark.parametrize("context", [None, "An answer of many words. " * 20])
def test_title_headings_and_answers_count(
    sizes: ChunkSizes, title: str | None, context: str | None
) -> None:
    rng = random.Random(11)
    marks = [f"{'#' * n} {'却' * 90}{n}" for n in range(1, 7)]
    text = "\n\n".join(part for mark in marks for part in (mark, _paragraph(rng, 30)))
    spans = _split(text, TextKind.MARKUP, sizes, title, context)
    largest = max(estimate_tokens(span.text) for span in spans)
    assert largest >= sizes.max_tokens / 4


def test_a_heading_that_is_the_title_is_embedded_once() -> None:
    rng = random.Random(12)
    spans = _split(f"# The  Manual\n\n{_paragraph(rng, 30)}", title="The Manual")
    assert spans[1].heading_path == "The Manual"
    assert spans[1].vector_text == f"The Manual\n\n{spans[1].text}"


@pytest.mark.parametrize("kind", list(TextKind))
def test_an_inserted_paragraph_changes_few_chunks(kind: TextKind) -> None:
    costs = []
    for seed in range(12):
        rng = random.Random(seed)
        parts = [
            _paragraph(rng, rng.randint(1, 5)) if rng.random() < 0.7 else f"Line {n} of {seed}"
            for n in range(150)
        ]
        before = {span.chunk_id for span in _split("\n\n".join(parts), kind, LARGE)}
        parts.insert(rng.randrange(150), _paragraph(rng))
        after = _split("\n\n".join(parts), kind, LARGE)
        costs.append(sum(span.chunk_id not in before for span in after))
    assert sum(costs) / len(costs) <= 2.5


def test_an_inserted_sentence_changes_few_chunks_of_one_paragraph() -> None:
    costs = []
    for seed in range(12):
        rng = random.Random(seed)
        parts = [_sentence(rng) for _ in range(400)]
        before = {span.chunk_id for span in _split("\n".join(parts), TextKind.PLAIN)}
        parts.insert(rng.randrange(400), _sentence(rng))
        after = _split("\n".join(parts), TextKind.PLAIN)
        costs.append(sum(span.chunk_id not in before for span in after))
    assert sum(costs) / len(costs) <= 2.5


def test_a_word_is_whole_where_no_sentence_ends() -> None:
    text = re.sub(r"\.", "", " ".join(WORDS))
    assert [word for span in _split(text, TextKind.PLAIN) for word in span.text.split()] == WORDS
