"""Token estimates: sane for each script, never zero, never less for more text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text.tokens import character_codes, estimate_tokens, token_weights

ENGLISH = (
    "The dome slit must be closed when the wind is stronger than fifteen metres per second, and "
    "opened again only after it has been calm for twenty minutes. "
)


@given(st.text())
def test_every_text_counts_at_least_one_token(text: str) -> None:
    assert estimate_tokens(text) >= 1


@given(st.text(), st.text())
def test_more_text_never_counts_less(text: str, more: str) -> None:
    assert estimate_tokens(text + more) >= estimate_tokens(text)
    assert estimate_tokens(more + text) >= estimate_tokens(text)


@given(st.text(), st.text())
def test_two_texts_together_count_what_they_count_apart(one: str, other: str) -> None:
    # Rounded up each; the planner adds estimates up.
    together = estimate_tokens(one + other)
    assert together <= estimate_tokens(one) + estimate_tokens(other) <= together + 2


@given(st.text())
def test_each_character_has_a_code_and_a_weight(text: str) -> None:
    codes = character_codes(text)
    assert codes.tolist() == [ord(character) for character in text]
    weights = token_weights(codes)
    assert len(weights) == len(text)
    assert all(0 < weight <= 150 for weight in weights.tolist())  # chunking relies on the 150


@given(st.characters())
def test_a_character_weighs_the_same_among_ascii_and_among_others(character: str) -> None:
    alone = token_weights(character_codes(character))[0]
    assert token_weights(character_codes("\U0001f600" + character))[1] == alone


@pytest.mark.parametrize(
    ("script", "text", "least", "most"),
    [
        # Characters a token may stand for, by what is known of public tokenizers.
        ("English", ENGLISH, 3.5, 5.0),
        ("digits", "0123456789" * 10, 1.0, 1.5),
        ("code", "if (x[i] != y->z) { return f(&a, *b); }\n" * 5, 2.0, 4.0),
        ("German", "Größe der Öffnung für Prüfgeräte über fünf Meter Höhe. " * 3, 3.0, 4.7),
        ("Russian", "Скорость охлаждения камеры не должна быть выше пяти градусов. " * 3, 2.2, 3.2),
        ("Greek", "Η ταχύτητα του ανέμου δεν πρέπει να υπερβαίνει το όριο. " * 3, 2.2, 3.2),
        ("Hindi", "हवा की गति सीमा से अधिक नहीं होनी चाहिए। " * 3, 1.2, 2.5),
        ("Arabic", "يجب ألا تتجاوز سرعة الرياح الحد المسموح به. " * 3, 1.2, 2.5),
        ("Chinese", "风速超过每秒十五米时必须关闭圆顶的狭缝。" * 3, 1.0, 1.7),
        ("Japanese", "風速が毎秒十五メートルを超えたらスリットを閉じること。" * 3, 1.0, 1.7),
        ("Korean", "풍속이 초속 십오 미터를 넘으면 돔을 닫아야 한다. " * 3, 1.0, 1.7),
        ("emoji", "😀🚀🌍" * 10, 0.5, 1.0),
    ],
)
def test_the_estimate_is_sane_for_each_script(
    script: str, text: str, least: float, most: float
) -> None:
    assert least <= len(text) / estimate_tokens(text) <= most


@given(st.text("\ud800\udfff"))
def test_a_broken_surrogate_is_counted_too(text: str) -> None:
    assert estimate_tokens(text) >= 1
