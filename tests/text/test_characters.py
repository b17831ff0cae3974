import pytest

from semantic_assets.text.characters import canonical

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
CHANGED = {
    "Pu\u00admp\u200bCon\u200dtrol\u2060ler\ufeff": "PumpController",
    "\u202eabc\u202c \u2066x\u2069 \u200eשלום\u200f": "abc x שלום",
    "hid\U000e0041\U000e0042den": "hidden",
    "a\ufe0fb \ufff9c\ufffad\ufffb": "ab cd",
    "\U0001f600\ufe01\ufe02\ufe03": "\U0001f600\ufe01",
    "Auf\u200clage": "Auflage",
    "cre\u0300me bru\u0302le\u0301e": "crème brûlée",
    "\u1112\u1161\u11ab": "한",
    "\u212b \u2126": "Å Ω",
    "10\u00a0kg, 3\u202f000\u2009m": "10 kg, 3 000 m",
}
KEPT = [
    "plain ASCII",
    "می\u200cخواهم PDF\u200cها ه\u200d.",
    "क्\u200dष ක්\u200dර",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f469\U0001f3fd\u200d\U0001f4bb ❤\ufe0f\u200d\U0001f525",
    f"1\ufe0f\u20e3 ©\ufe0f ☎\ufe0e {FLAG}",
    "葛\U000e0100飾区",
    "x\u2028y 全角\u3000ＡＢ ﬁ ½ x²",
    "\x1b[1mbold\x1b[0m\ttab",
]


@pytest.mark.parametrize("text", CHANGED)
def test_character_has_one_form_and_the_unseen_are_left_out(text):
    assert canonical(text) == CHANGED[text]
    assert canonical(CHANGED[text]) == CHANGED[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_a_script_or_an_emoji_needs_is_kept(text):
    assert canonical(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "e" + "\u0300\u0316" * 300_000,
        "\U000e0041" * 600_000,
        "a\u200d" * 300_000,
        "😀\ufe0f" * 300_000,
    ],
)
def test_hostile_text_takes_time_in_proportion(text):
    assert len(canonical(text)) <= len(text)
