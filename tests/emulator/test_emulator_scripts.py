"""Vectors of scripts whose letters carry marks, and of spellings that are one text."""

import unicodedata
from itertools import chain

import numpy as np
import pytest

from semantic_assets.emulator.answers.vectors import Embedder, Space

_EMBEDDER = Embedder("hashed")
_SPACE = Space(model="gemini-embedding-2", dimensions=768, task="", normalised=True)

#: Paragraphs and a question to each: rivers, bread, stars.
_READ = {
    "Hindi": (
        ("नदी का पानी समुद्र में मिलता है", "रोटी के आटे में खमीर चाहिए", "तारे रात के आकाश में चमकते हैं"),
        ("नदियों का पानी कहाँ मिलता है?", "रोटियों में क्या चाहिए?", "आकाश में क्या चमकता है?"),
    ),
    "Bengali": (
        ("নদীর জল সমুদ্রে মেশে", "রুটির জন্য খামির লাগে", "রাতের আকাশে তারা জ্বলে"),
        ("নদী কোথায় মেশে?", "রুটিতে কী লাগে?", "আকাশে কী জ্বলে?"),
    ),
    "Tamil": (
        ("ஆறு கடலில் சேர்கிறது", "ரொட்டிக்கு ஈஸ்ட் தேவை", "வானத்தில் நட்சத்திரங்கள் மின்னுகின்றன"),
        ("ஆறு எங்கே சேர்கிறது?", "ரொட்டிக்கு என்ன தேவை?", "வானத்தில் என்ன மின்னுகிறது?"),
    ),
    "Thai": (
        ("แม่น้ำไหลลงสู่ทะเล", "ขนมปังต้องใช้ยีสต์", "ดวงดาวส่องแสงบนท้องฟ้า"),
        ("แม่น้ำไหลไปที่ไหน", "ขนมปังต้องใช้อะไร", "อะไรส่องแสงบนท้องฟ้า"),
    ),
    "Arabic": (
        ("يَصُبُّ النَّهْرُ فِي البَحْرِ", "يَحْتَاجُ الخُبْزُ إِلَى الخَمِيرَةِ", "تَلْمَعُ النُّجُومُ فِي السَّمَاءِ"),
        ("أين يصب النهر؟", "ماذا يحتاج الخبز؟", "ما الذي يلمع في السماء؟"),
    ),
    "Hebrew": (
        ("הַנָּהָר נִשְׁפָּךְ לַיָּם", "הַלֶּחֶם צָרִיךְ שְׁמָרִים", "הַכּוֹכָבִים זוֹרְחִים בַּשָּׁמַיִם"),
        ("לאן נשפך הנהר?", "מה צריך הלחם?", "מה זורח בשמים?"),
    ),
    "Vietnamese": (
        ("Dòng sông chảy ra biển", "Bánh mì cần men nở", "Những ngôi sao tỏa sáng trên trời"),
        ("Sông chảy đi đâu?", "Bánh mì cần gì?", "Cái gì sáng trên trời?"),
    ),
}
#: One text in two spellings each.
_ALIKE = {
    "points": ("مُدَرِّسٌ جَدِيدٌ", "مدرس جديد"),
    "a longer stroke": ("الكتـــاب", "الكتاب"),
    "Hebrew points": ("שָׁלוֹם", "שלום"),
    "a joiner": ("می‌خواهم", "میخواهم"),
    "a soft hyphen": ("Дамп\u00adовая вода", "Дамповая вода"),
    "the Turkish capital": ("İstanbul'da güneş", "istanbul'da güneş"),
    "a variant of a shape": ("ключ ❤️", "ключ ❤"),
}


def _vectors(*texts: str):
    return _EMBEDDER.embed(texts, _SPACE)


@pytest.mark.parametrize("language", _READ)
def test_a_question_is_nearest_to_the_text_that_answers_it(language: str):
    texts, questions = _READ[language]
    found = (_vectors(*questions) @ _vectors(*texts).T).argmax(axis=1)
    assert found.tolist() == [0, 1, 2]


@pytest.mark.parametrize("language", _READ)
def test_composed_and_decomposed_letters_have_one_vector(language: str):
    for text in chain(*_READ[language]):
        forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
        one, other = _vectors(*forms)
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", _ALIKE)
def test_what_may_be_left_out_does_not_change_a_vector(kind: str):
    one, other = _vectors(*_ALIKE[kind])
    assert np.array_equal(one, other)


def test_a_vowel_sign_tells_words_apart():
    """Without it, "day" and "poor" are one word of Hindi."""
    one, other = _vectors("दिन", "दीन")
    assert one @ other < 0.9
