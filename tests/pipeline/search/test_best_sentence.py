"""The sentence that is shown, and the words marked in it: whole ones, in any form and script."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.pipeline.search.question_marks import QuestionMarks
from semantic_assets.pipeline.search.search_hit import Sentence
from semantic_assets.pipeline.search.shown.best_sentence import best_sentence, sentence_spans

LANGUAGES = ("english", "german", "russian", "hindi")


def best(question: str, text: str, languages: tuple[str, ...] = LANGUAGES) -> Sentence:
    units = terms_of(question).units
    found = best_sentence(text, QuestionMarks(dict.fromkeys(units, 1.0), languages))
    assert found is not None
    return found


def marked(sentence: Sentence) -> list[str]:
    return [sentence.text[start:end] for start, end in sentence.marks]


@pytest.mark.parametrize(
    ("question", "text", "shown", "marks"),
    [
        (
            "How do you oil the pumps?",
            "The weather is fine. Pumping needs oil. Oilskins hang in the shed.",
            "Pumping needs oil.",
            ["Pumping", "oil"],
        ),
        ("E-1042", "It stops. E-1042 is shown. E-1043 too.", "E-1042 is shown.", ["E-1042"]),
        ("3.11.2", "In 3.11.2 we fixed 2 of 11.", "In 3.11.2 we fixed 2 of 11.", ["3.11.2", "11"]),
        (
            "snake_case_name",
            "A snake sleeps. Set snake_case_name here.",
            "Set snake_case_name here.",
            ["snake_case_name"],
        ),
        (
            "libfoo.so.6",
            "It is missing: libfoo.so.6.",
            "It is missing: libfoo.so.6.",
            ["libfoo.so.6"],
        ),
        (
            "Как мыть зеркала телескопов?",
            "Ночь темна. Главное зеркало телескопа моют водой.",
            "Главное зеркало телескопа моют водой.",
            ["зеркало", "телескопа"],
        ),
        (
            "望远镜的主镜",
            "天气很好。望远镜主镜每年清洗一次。清洗用水。",
            "望远镜主镜每年清洗一次。",
            ["望远镜主镜"],
        ),
        (
            "दूरबीन का दर्पण",
            "मौसम अच्छा है। दूरबीन के दर्पण को साफ करें।",
            "दूरबीन के दर्पण को साफ करें।",
            ["दूरबीन", "दर्पण"],
        ),
        (
            "กล้องโทรทรรศน์",
            "กล้องโทรทรรศน์เป็นอุปกรณ์ที่ใช้ขยายวัตถุท้องฟ้า",
            "กล้องโทรทรรศน์เป็นอุปกรณ์ที่ใช้ขยายวัตถุท้องฟ้า",
            ["กล้องโทรทรรศน์"],
        ),
    ],
)
def test_the_sentence_with_most_of_the_words(
    question: str, text: str, shown: str, marks: list[str]
) -> None:
    found = best(question, text)
    assert found.text == shown
    assert marked(found) == marks
    assert text[found.start : found.end] == shown


def test_no_half_word_is_marked() -> None:
    found = best("oil pump", "Soil and turmoil, spumpy; the oil-pump oils.")
    assert marked(found) == ["oil-pump", "oils"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## Oil the **pump**\n", "Oil the pump"),
        ("- the [pump](https://x.example/a_b) `oil`", "the pump oil"),
        ("| pump | oil |\n|---|---|\n| none | day |", "pump \u00b7 oil"),
        ("```bash\noil --pump\n```", "oil --pump"),
        ("1. *Oil* the\n   pump now", "Oil the pump now"),
        ("> oil <b>pump</b>", "oil pump"),
    ],
)
def test_no_markup_is_shown(text: str, shown: str) -> None:
    assert best("oil pump", text).text == shown


def test_without_a_word_of_the_question_it_is_the_first_sentence_under_the_heading() -> None:
    text = "# The winch\n\nThe winch is greased every two weeks. Then it runs.\n"
    found = best("zephyr", text)
    assert (found.text, found.marks) == ("The winch is greased every two weeks.", ())


def test_a_heading_gives_way_to_a_sentence_with_the_same_words() -> None:
    assert best("oil pump", "# Oil pump\n\nThe pump needs oil.").text == "The pump needs oil."


def test_a_long_sentence_is_cut_between_words_round_its_marks() -> None:
    words = [f"word{number}" for number in range(200)]
    words[120:121] = ["the", "pump", "oil"]
    found = best("pump oil", " ".join(words) + ".")
    assert marked(found) == ["pump", "oil"]
    assert len(found.text) <= 242
    inside = found.text.strip("\u2026").split()
    assert set(inside) <= {*words, words[-1] + "."}
    assert found.text.startswith("\u2026")
    assert found.text.endswith("\u2026")


@given(
    st.lists(
        st.sampled_from(
            [
                "# Oil",
                "\n",
                "\n\n",
                "| a | oil |",
                "- pump",
                "Oil the pump. ",
                "油泵很好。",
                "```",
                "=" * 4,
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_sentences_are_in_order_and_hold_every_letter(text: str) -> None:
    spans = [*sentence_spans(text)]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    shown = "".join(text[start:end] for start, end in spans)
    assert sorted(filter(str.isalpha, shown)) == sorted(filter(str.isalpha, text))


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_has_marks_that_lie_within_what_is_shown(text: str, question: str) -> None:
    units = terms_of(question).units
    found = best_sentence(text, QuestionMarks(dict.fromkeys(units, 1.0), LANGUAGES))
    if found is not None:
        assert 0 <= found.start <= found.end <= len(text)
        ends = [0, *(place for mark in found.marks for place in mark), len(found.text)]
        assert ends == sorted(ends)
        assert "\n" not in found.text
