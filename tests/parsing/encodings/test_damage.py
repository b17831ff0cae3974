"""One damaged byte never costs a file, and what was lost is said; binary stays refused."""

import re

import pytest

GERMAN = "Der Prüfer misst täglich die Höhe der Öltanks und schließt die Ventile."
RUSSIAN = "Оператор проверяет давление в котле и записывает показания в журнал."
CHINESE = "操作员每天检查锅炉的压力，并把读数写进日志，然后关闭所有的阀门。"
JAPANESE = "運転員は毎日ボイラーの圧力を調べて、日誌に数値を書きます。"
KOREAN = "운전원은 매일 보일러의 압력을 검사하고 일지에 기록합니다."
ENGLISH = "The operator checks the boiler every day and writes the reading down. " * 4


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.html"])
@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ((GERMAN * 3).encode().replace("ü".encode(), b"\xc3", 1), "Öltanks"),
        ((GERMAN + "\nü").encode()[:-1], "schließt die Ventile"),
        (ENGLISH.encode() + b"\xff end", "boiler every day"),
        ((RUSSIAN * 2).encode("utf-16")[:-1], "давление в котле"),
    ],
)
def test_damaged_character_is_marked_and_its_line_said(read, name, content, kept):
    [record] = read(name, content)
    assert record.parse_status == "ok"
    assert kept in record.text
    assert record.text.count("\ufffd") == 1
    assert re.match(r"1 character in line [12] could not be decoded.*: ", record.parse_error)


@pytest.mark.parametrize(
    ("text", "encoding", "damage"),
    [
        (CHINESE * 3, "gb18030", lambda data: data[:-1]),
        (KOREAN * 3, "euc_kr", lambda data: data[:-2]),
        (JAPANESE * 3, "cp932", lambda data: data[:-1]),
        (GERMAN * 3, "cp1252", lambda data: data[:-1] + b"\x81"),
        (RUSSIAN * 3, "utf-16-le", lambda data: data + b"\x04"),
        (RUSSIAN * 3, "utf-8-sig", lambda data: data + b"\xff"),
    ],
)
def test_damage_is_marked_in_any_encoding(read, text, encoding, damage):
    [record] = read("a.txt", damage(text.encode(encoding)))
    assert record.text.count("\ufffd") == 1
    assert record.text[:30] == text[:30]
    assert "1 character in line 1 could not be decoded" in record.parse_error


def test_replacement_characters_of_an_earlier_conversion_are_no_damage(read):
    [record] = read("a.txt", GERMAN + " \ufffd \ufffd")
    assert (record.text, record.parse_error) == (GERMAN + " \ufffd \ufffd", None)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"valve op\0en\n" + b"valve shut\n" * 50, 1),
        (b"a short\0 note", 1),
        (b"valve open\n" * 9 + bytes(4096), 4096),
        (bytes(4096) + b"valve open\n" * 9, 4096),
        (RUSSIAN.encode("cp1251") + b"\0" + RUSSIAN.encode("cp1251"), 1),
    ],
)
def test_stray_nuls_and_padding_are_left_out_and_said(read, content, count):
    [record] = read("a.txt", content)
    assert (record.parse_status, "\0" in record.text) == ("ok", False)
    assert f"{count} NUL characters in it were left out" in record.parse_error


@pytest.mark.parametrize("content", [bytes(500), b"a\0b c\0 d" * 30, bytes(range(256)) * 10])
def test_binary_content_stays_refused(read, content):
    [record] = read("a.txt", content)
    assert record.parse_status == "failed"
    assert "binary" in record.parse_error


def test_characters_written_in_halves_are_joined(read):
    halves = b"".join(half.encode("utf-8", "surrogatepass") for half in "\ud83d\ude00")
    assert read("a.txt", "schön ".encode() + halves)[0].text == "schön \U0001f600"


@pytest.mark.parametrize(
    ("utf8", "other", "encoding"),
    [
        ("Größe\nHöhe", "Prüfung und Maß", "cp1252"),
        (RUSSIAN, "Насос остановлен на ремонт.", "cp1251"),
        (JAPANESE, JAPANESE, "cp932"),
        (CHINESE, CHINESE, "gb18030"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_in_two_encodings_are_each_read_right_and_said(read, utf8, other, encoding, newline):
    lines = [*(line.encode() for line in utf8.split("\n")), other.encode(encoding), utf8.encode()]
    [record] = read("a.txt", newline.encode().join(lines))
    assert record.text == f"{utf8}\n{other}\n{utf8}"
    number = len(lines) - 1
    assert f"line {number} is in {encoding} and not in UTF-8" in record.parse_error


def test_line_whose_encoding_cannot_be_told_among_others_is_refused(read):
    odd = bytes.fromhex("8e8fd5f7b5defef0") * 3
    [record] = read("a.txt", f"{GERMAN}\n".encode() + odd + b"\n")
    assert record.parse_status == "failed"
    assert "line 2 is not in UTF-8 as the rest" in record.parse_error
    assert record.parse_error.endswith(": save it as UTF-8")


@pytest.mark.parametrize(
    "data", [f"text\n{GERMAN}\n".encode("cp1252") * 2 + f"{GERMAN}\n".encode()]
)
def test_table_with_lines_in_two_encodings_is_never_misread(read, data):
    texts = [record.text for record in read("a.csv", data)]
    assert not any("Ã" in text for text in texts)
    assert GERMAN in texts


def test_two_bad_bytes_in_a_short_text_give_no_other_letters(read):
    [record] = read(
        "a.txt", b"The caf\xc3\xa9 \xff\xfe opens in the evening, as it does all summer long."
    )
    assert record.parse_status == "failed"
    assert "save it as UTF-8" in record.parse_error


def test_a_short_word_in_cyrillic_is_no_damaged_utf8(read):
    assert read("a.txt", "Тётя и Лёд".encode("cp1251"))[0].text == "Тётя и Лёд"
