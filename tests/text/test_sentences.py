"""Where a sentence ends: in any script, and not at an abbreviation, an initial or a number."""

from itertools import pairwise

import pytest

from semantic_assets.text.sentences import sentence_starts


def _cut(text: str) -> list[str]:
    edges = [0, *sentence_starts(text, 0, len(text)), len(text)]
    return [text[a:b].strip() for a, b in pairwise(edges)]


@pytest.mark.parametrize(
    "sentences",
    [
        ("The dome is shut.", "The wind is too strong."),
        ("Is it shut?", "Yes!", "Then wait."),
        ('He said "stop."', "She did."),
        ("It ended (at last).", "Nobody knew."),
        ("It waits …", "Then it goes on."),
        ("It waits...", "Then it goes on."),
        ("Купол закрыт.", "Ветер слишком сильный."),
        ("风太大。", "关闭圆顶！", "可以吗？", "可以。"),
        ("「閉じる。」", "風が強い。"),
        ("गुंबद बंद है।", "हवा तेज़ है॥"),
        ("هل القبة مغلقة؟", "نعم."),
        ("گنبد بند ہے۔", "ہوا تیز ہے۔"),
        ("ጉልላቱ ተዘግቷል።", "ነፋሱ ኃይለኛ ነው።"),
        ("Գմբեթը փակ է։", "Քամին ուժեղ է։"),
        ("အမိုးပိတ်ထားသည်။", "လေပြင်းသည်။"),
        ("ដំបូលបិទ។", "ខ្យល់ខ្លាំង។"),
        ("It was built in 2014.", "It still stands."),
        ("Use version 3.5.", "It is new."),
        ("It is in file.txt.", "Read it at a.example.com.", "Then go."),
    ],
)
def test_a_sentence_ends_at_its_mark(sentences: tuple[str, ...]) -> None:
    assert _cut(" ".join(sentences)) == list(sentences)
    assert _cut("\n".join(sentences)) == list(sentences)


def test_a_sentence_in_chinese_needs_no_space_behind_it() -> None:
    assert _cut("风太大。关闭圆顶！可以吗？“可以。”") == [
        "风太大。",
        "关闭圆顶！",
        "可以吗？",
        "“可以。”",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "The dome of\nthe observatory\nis shut",
        "Shut it, e.g. Monday, i.e. Before noon.",
        "Dr. Smith met Mrs. Jones and Prof. Lee.",
        "See Fig. 3 and Eq. 4, vol. 2, pp. 10.",
        "J. R. R. Tolkien wrote it.",
        "The U.S. Navy paid.",
        "It costs 3.50 or 1,000.5 at a.example.com/b.html now.",
        "It waited... and waited... then stopped.",
        "What? he asked.",
        "Рис. 3 и т.е. Один, им. А. С. Пушкина.",
        "Siehe Abs. Z.B. Nr. 5 bzw. Tafel 3.",
        "4.2. Completeness of the Response",
        "   12. Completeness of the Response",
        "Read .NET and file.txt. or not.",
    ],
)
def test_what_only_looks_like_an_end_is_none(sentence: str) -> None:
    assert _cut(sentence) == [sentence.strip()]


def test_all_ends_of_a_long_run_are_found_where_they_are() -> None:
    text = "One two three. " * 1_000
    assert list(sentence_starts(text, 15, len(text))) == list(range(30, len(text), 15))
