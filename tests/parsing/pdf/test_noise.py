import pytest

from semantic_assets.parsing.pdf.noise import is_noise, judged

_ENGLISH = (
    "The pump sends water through the upper pipe until the float in the tank has risen to the mark."
    " Then a valve closes and the motor stops within two seconds, because running dry would ruin it."
)
_HONEST = [
    _ENGLISH,
    "Die Pumpe f\u00f6rdert Wasser durch das obere Rohr, bis der Schwimmer im Beh\u00e4lter die Marke"
    " erreicht. Danach schlie\u00dft ein Ventil, und der Motor h\u00e4lt binnen zwei Sekunden an.",
    "Pompa t\u0142oczy wod\u0119 g\u00f3rn\u0105 rur\u0105, a\u017c p\u0142ywak w zbiorniku osi\u0105gnie kresk\u0119. Potem zaw\u00f3r si\u0119 zamyka, a silnik"
    " staje po dw\u00f3ch sekundach, bo praca na sucho zniszczy\u0142aby uszczelki.",
    "M\u00e1y b\u01a1m \u0111\u1ea9y n\u01b0\u1edbc qua \u1ed1ng tr\u00ean cho \u0111\u1ebfn khi phao trong b\u1ec3 l\u00ean \u0111\u1ebfn v\u1ea1ch. Sau \u0111\u00f3 van \u0111\u00f3ng l\u1ea1i v\u00e0 \u0111\u1ed9ng"
    " c\u01a1 d\u1eebng sau hai gi\u00e2y, v\u00ec ch\u1ea1y kh\u00f4 s\u1ebd l\u00e0m h\u1ecfng c\u00e1c gio\u0103ng cao su.",
    "\u041d\u0430\u0441\u043e\u0441 \u0433\u043e\u043d\u0438\u0442 \u0432\u043e\u0434\u0443 \u043f\u043e \u0432\u0435\u0440\u0445\u043d\u0435\u0439 \u0442\u0440\u0443\u0431\u0435, \u043f\u043e\u043a\u0430 \u043f\u043e\u043f\u043b\u0430\u0432\u043e\u043a \u043d\u0435 \u0434\u043e\u0439\u0434\u0451\u0442 \u0434\u043e \u043e\u0442\u043c\u0435\u0442\u043a\u0438.",
    "\u30dd\u30f3\u30d7\u306f\u6c34\u69fd\u306e\u6d6e\u304d\u304c\u5370\u306b\u9054\u3059\u308b\u307e\u3067\u4e0a\u306e\u7ba1\u3067\u6c34\u3092\u9001\u308b\u3002\u305d\u306e\u5f8c\u3001\u5f01\u304c\u9589\u3058\u308b\u3002USB\u3068LED\u3092\u4f7f\u3046\u3002",
    "\u062a\u0636\u062e \u0627\u0644\u0645\u0636\u062e\u0629 \u0627\u0644\u0645\u0627\u0621 \u0639\u0628\u0631 \u0627\u0644\u0623\u0646\u0628\u0648\u0628 \u0627\u0644\u0639\u0644\u0648\u064a \u062d\u062a\u0649 \u064a\u0635\u0644 \u0627\u0644\u0639\u0648\u0627\u0645\u0629 \u0625\u0644\u0649 \u0627\u0644\u0639\u0644\u0627\u0645\u0629.",
    "x = (a + b) / 2\ny = x^2 - 4ac\n\u222b f(x) dx = F(b) - F(a)\n\u03b1\u03b2 \u2264 \u03b3 + \u03b4\n\u2211 (p - q)^2 \u2265 0",
    "12.5 17.3 99.1 4.02\n13.1 16.9 98.7 4.11\n-0.5 +1.7 12% $40\n" * 8,
    "for (int i = 0; i < n; i++) {\n  buf[i] = ptr->str[i] & 0xff;\n  fprintf(stderr, fmt, buf);\n}",
    "1. Pump ........................ 4\n2. Valve ....................... 9\n3. Motor ...................... 12",
    "Name: ______________________\nDate: ____ / ____ / ________\n\u25a1 yes   \u25a1 no",
    "".join(f"\\cyr{a}{b} 12, \\CYR{b}{a}hk 31\n" for a in "bdzxk" for b in "vgjq"),
    "\uf0b7 Water\n\uf0b7 Electricity\n\uf0b7 Heat and cold from the house",
    "",
]


def _shifted(text: str, by: int) -> str:
    return "".join(chr((ord(c) - 97 + by) % 26 + 97) if c.islower() else c for c in text.lower())


@pytest.mark.parametrize("text", _HONEST)
def test_words_numbers_formulas_and_code_are_no_noise(text):
    assert not is_noise(text)


@pytest.mark.parametrize("by", [1, 3, 7, 13, 25])
def test_letters_moved_along_the_alphabet_are_noise(by):
    assert is_noise(_shifted(_ENGLISH, by))


def test_numbers_of_glyphs_in_place_of_letters_are_noise():
    assert is_noise("".join(chr(ord(letter) - 29) for letter in _ENGLISH))
    assert is_noise("".join(chr(ord(letter) + 0xF000) for letter in _ENGLISH))
    assert is_noise(" ".join(f"(cid:{ord(letter)})" for letter in _ENGLISH))
    order = sorted(set(_ENGLISH), key=_ENGLISH.index)
    assert is_noise("".join(chr(0x21 + order.index(letter) % 15) for letter in _ENGLISH))


def test_a_code_page_taken_for_another_is_noise():
    text = "\u041d\u0430\u0441\u043e\u0441 \u0433\u043e\u043d\u0438\u0442 \u0432\u043e\u0434\u0443 \u043f\u043e \u0432\u0435\u0440\u0445\u043d\u0435\u0439 \u0442\u0440\u0443\u0431\u0435"
    assert is_noise(text.encode("cp1251").decode("cp1252", "replace"))


def test_letters_of_many_scripts_in_one_word_are_noise():
    scripts = "abc\u0391\u0392\u0393\u0410\u0411\u0412\u05d0\u05d1\u05d2"
    words = ["".join(scripts[(n * 7 + k * 5) % 12] for k in range(6)) for n in range(12)]
    assert is_noise(" ".join(words))


def test_a_few_letters_say_nothing():
    assert not is_noise("xqzzk brrt")
    assert is_noise("\x03\x04\x05\x06")


def test_signs_that_mean_no_letter_are_left_out_between_words():
    found = judged("Quiet song\n\x03\x04 \x05\n\n\x06\nfor two voices, slowly and not loud")
    assert found == ("Quiet song\nfor two voices, slowly and not loud", False)


def test_a_page_of_music_is_noise_and_keeps_its_words():
    found = judged("Quiet song\n" + "\x03\x04 \ue0a4 \x05\n" * 30)
    assert found == ("Quiet song", True)


def test_bullets_of_symbol_fonts_are_bullets():
    assert judged("\uf0b7 Water\n\uf0a7 Light").words == "\u2022 Water\n\u2022 Light"
