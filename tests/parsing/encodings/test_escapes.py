"""Encodings that write all in ASCII are read or refused; code that only resembles them is kept."""

import pytest

GERMAN = "Der Prüfer misst täglich die Höhe der Öltanks."
RUSSIAN = "Оператор проверяет давление в котле."
CHINESE = "操作员每天检查锅炉的压力，并把读数写进日志。"
JAPANESE = "運転員は毎日ボイラーの圧力を調べます。"
KOREAN = "운전원은 매일 보일러의 압력을 검사합니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "iso2022_jp"),
        (f"ﾎﾟﾝﾌﾟ {JAPANESE}", "iso2022_jp_ext"),
        (KOREAN, "iso2022_kr"),
        (f"Note: {CHINESE}\nend", "hz"),
        *((text, "utf-7") for text in (GERMAN, RUSSIAN, CHINESE)),
    ],
)
@pytest.mark.parametrize(("name", "form"), [("a.txt", "{}"), ("a.jsonl", '{{"text": "{}"}}')])
def test_escapes_are_read(read, name, form, text, encoding):
    written = form.format(text.replace("\n", " ")).encode(encoding)
    [record] = read(name, written)
    assert record.text == text.replace("\n", " ")


def test_escapes_that_no_codec_reads_are_refused(read):
    [record] = read("a.txt", b"\x1b$)A\x0e2bJT\x0f text")
    assert record.parse_status == "failed"
    assert record.parse_error.endswith("ISO-2022-CN, which no reader takes: save it as UTF-8")


@pytest.mark.parametrize(
    "text",
    [
        "+foo-bar\n+bar-baz\n context",
        "x = ~{abcd~} and ~{ef~}",
        "a+b-c +Abc- +xyz-",
        "call +49301234- or +491711-",
        "\x1b[1mbold\x1b[0m text\n" * 3 + "end",
        "c++ -O2 +AGE",
    ],
)
def test_code_that_resembles_escapes_is_kept(read, text):
    assert read("a.txt", text)[0].text == text


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, CHINESE, "Plain ASCII,\nin two lines."])
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_utf_32_without_a_mark_is_read(read, name, text, encoding):
    assert read(name, text.encode(encoding))[0].text == text
