"""What a word is: the rules by which a question finds a text, script by script."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.index.words.question_terms import Terms, terms_of
from semantic_assets.index.words.word_units import word_units
from tests.index.words.word_files import word_index

#: (a text, questions of one word that find it)
FOUND = [
    ("Error E-1042 at start", ("E-1042", "e1042", "E1042", "E_1042", "1042")),
    ("call read_user_name here", ("read_user_name", "readUserName", "user", "read-user-name")),
    ("class HTTPServerError", ("HTTPServerError", "http", "server", "httpservererror")),
    ("order part AB-12/3 now", ("AB-12/3", "ab12/3", "AB-12")),
    ("since version 3.11.2", ("3.11.2", "v3.11.2")),
    ("since v3.11.2", ("3.11.2", "v3.11.2")),
    ("see docs/setup/config.yaml.", ("config.yaml", "docs/setup/config.yaml", "config")),
    ("ask jane.doe@example.com", ("jane.doe@example.com", "example.com", "doe")),
    ("written in C++ and C#", ("C++", "c#")),
    ("by e-mail", ("email", "e-mail", "mail")),
    ("E\u20111042 with a hard hyphen", ("E-1042",)),
    ("ＡＢＣ１２３ in full width", ("ABC123",)),
    ("the pumps were leaking", ("pump", "leaks", "LEAKED")),
    ("насосы протекают", ("насос", "насосов", "НАСОСАМИ")),
    ("ещё ёлка", ("елка", "ёлки")),
    ("Die Häuser sind groß und nicht für uns", ("Hauser", "häuser", "Haus", "GROSS")),
    ("les économies et la pêche", ("économie", "economie", "peche")),
    ("las bombas y el niño en la cocina", ("bomba", "nino")),
    ("kitaplar ve evler için", ("kitap", "ev")),
    ("İSTANBUL için bir", ("istanbul", "İstanbul")),
    ("οι μηχανές της πόλης", ("μηχανή", "μηχανων", "ΠΟΛΗΣ")),
    ("المضخات في المدينة", ("مضخة", "مدينة")),
    ("مُحَمَّد كتب", ("محمد",)),
    ("पंपों की जाँच करें", ("पंपों", "जाँच")),
    ("水泵漏水了", ("水泵", "漏水")),
    ("東京タワーの高さ", ("東京", "タワー", "高さ")),
    ("서울에서 만난 사람", ("서울", "사람")),
    ("ปั๊มน้ำรั่ว", ("ปั๊ม", "น้ำ")),
    ("máy bơm của tôi và bạn không có", ("bơm", "máy")),
]
NOT_FOUND = [
    ("since version 3.11.2", "3112"),
    ("part AB-12/3", "AB-13"),
    ("máy bơm của tôi và bạn không có", "bớm"),
    ("水泵漏水了", "泵水"),
    ("the pumps", "pumpkin"),
]


@pytest.mark.parametrize(("text", "question"), [(t, q) for t, found in FOUND for q in found])
def test_a_word_is_found_as_people_write_it(tmp_path: Path, text: str, question: str) -> None:
    for form in ("NFC", "NFD"):
        index = word_index(tmp_path / form, unicodedata.normalize(form, text), "—")
        for asked in (question, unicodedata.normalize("NFD", question)):
            terms = terms_of(asked)
            assert [row for row, _ in index.best(terms, index.counts(terms), 9)] == [0], asked


@pytest.mark.parametrize(("text", "question"), NOT_FOUND)
def test_another_word_is_not(tmp_path: Path, text: str, question: str) -> None:
    index = word_index(tmp_path, text)
    terms = Terms((max(word_units(question), key=len),))
    assert not index.best(terms, index.counts(terms), 9)


@given(st.text(max_size=40))
def test_any_text_has_units_that_are_found_again(text: str) -> None:
    for unit in word_units(text):
        assert 0 < len(unit) <= 64
        assert unit in word_units(unit) or not unit.isalnum()


@pytest.mark.parametrize(
    ("question", "units"),
    [
        ("What is the pump of the house?", ("pump", "house")),
        ("Wie heißt die Pumpe?", ("heisst", "pumpe")),
        ("Какой насос в доме?", ("насос", "доме")),
        ("to be or not to be", ("to", "be", "or", "not", "to", "be")),
        ("Who advises the WHO?", ("advises", "who")),
        ("How did Caesar die?", ("caesar", "die")),
    ],
)
def test_a_question_is_about_its_other_words(question: str, units: tuple[str, ...]) -> None:
    assert terms_of(question).units == units


def test_each_row_has_the_stems_of_its_own_language(tmp_path: Path) -> None:
    index = word_index(
        tmp_path,
        "the houses of the city are on the hills and they were sold by the owners",
        "die Häuser der Stadt sind auf den Hügeln und wurden von den Besitzern verkauft",
        "les maisons de la ville sont sur les collines et ne sont pas dans le port",
    )
    assert {"english", "french", "german"} <= set(index.languages)
    for question, row in (("house", 0), ("Haus", 1), ("maison", 2), ("Hügel", 1), ("colline", 2)):
        terms = terms_of(question)
        assert index.best(terms, index.counts(terms), 1)[0][0] == row
