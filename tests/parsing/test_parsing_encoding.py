import re

import pytest

RUSSIAN = (
    "Насос подаёт воду в систему охлаждения. Перед запуском проверьте уровень масла и затяжку"
    " болтов. Если давление падает, остановите двигатель и обратитесь в сервисный центр."
)
UKRAINIAN = "Перед запуском перевірте рівень мастила. Якщо тиск падає, зупиніть її двигун."
FRENCH = "Le système démarre après l'arrêt complet. Vérifiez la température à froid."
GERMAN = "Größere Schäden an der Öldruckleitung sind täglich zu prüfen und zu melden."
POLISH = "Przed uruchomieniem sprawdź poziom oleju i dokręcenie śrub. Jeśli ciśnienie spada, stop."
JAPANESE = "ポンプは冷却システムに水を供給します。起動する前に、油量とボルトを確認してください。"
CHINESE = "水泵向冷却系统供水。启动前请检查油位和螺栓的紧固情况。如果压力下降，请停止发动机。"
TRADITIONAL = "水泵向冷卻系統供水。啟動前請檢查油位和螺栓的緊固情況。如果壓力下降，請停止引擎。"
KOREAN = "펌프는 냉각 시스템에 물을 공급합니다. 시작하기 전에 오일 레벨을 확인하십시오."

LEGACY = [
    *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    *((UKRAINIAN, name) for name in ("cp1251", "koi8-u")),
    *((FRENCH, name) for name in ("cp1252", "latin-1")),
    (GERMAN, "latin-1"),
    (POLISH, "cp1250"),
    *((JAPANESE, name) for name in ("shift_jis", "euc-jp", "iso2022-jp")),
    ("ファイルのチェックサムの照合が成功したときに表示", "euc-jp"),  # the library says Thai
    (CHINESE, "gb18030"),
    (TRADITIONAL, "big5"),
    (KOREAN, "euc-kr"),
]
WIDE = [
    (text, name)
    for text in (RUSSIAN, CHINESE, JAPANESE, FRENCH, "Plain ASCII text,\nin two lines.")
    for name in ("utf-16-le", "utf-16-be")
]


@pytest.mark.parametrize(("text", "encoding"), LEGACY + WIDE)
def test_short_text_without_a_mark_is_decoded(read, text, encoding):
    [record] = read("a.txt", text.encode(encoding))
    assert record.text == text


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
@pytest.mark.parametrize("start", range(0, 120, 10))
def test_russian_of_fifty_letters_is_never_taken_for_another_page(read, encoding, start):
    text = RUSSIAN[start : start + 50].strip()
    [record] = read("a.txt", text.encode(encoding))
    assert record.text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_byte_order_mark_decides_and_stays_out(read, encoding, name):
    [record] = read(name, RUSSIAN.encode(encoding))
    assert record.text == RUSSIAN


def test_typographic_quotes_in_english_are_cp1252(read):
    text = "The “names” don’t change… © 2020"
    assert read("a.txt", text.encode("cp1252"))[0].text == text


def test_first_accent_after_the_sample_still_decides(read):
    text = "Plain line of English.\n" * 10_000 + FRENCH
    assert read("a.txt", text.encode("cp1252"))[0].text == text


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", '{{"id": 1, "text": "{0}"}}\n{{"id": 2, "text": "{0}"}}'),
        ("a.json", '[{{"id": 1, "text": "{0}"}}, {{"id": 2, "text": "{0}"}}]'),
        ("a.csv", 'id,text\n1,"{0}"\n2,"{0}"\n'),
        ("a.csv.gz", 'id,text\n1,"{0}"\n2,"{0}"\n'),
    ],
)
def test_record_file_in_another_encoding_is_decoded(read, name, form, encoding):
    records = read(name, form.format(RUSSIAN).encode(encoding))
    assert [(record.record_id, record.text) for record in records] == [
        ("1", RUSSIAN),
        ("2", RUSSIAN),
    ]


def test_one_late_accent_decides_for_a_record_file(read):
    lines = [b'{"text": "plain English"}'] * 60_000 + [f'{{"text": "{FRENCH}"}}'.encode("cp1252")]
    records = read("a.jsonl", b"\n".join(lines))
    assert records[-1].text == FRENCH


def test_character_cut_off_at_the_end_is_marked_and_said(read):
    [record] = read("a.txt", RUSSIAN.encode() + b"\xd0")
    assert (record.parse_status, record.text) == ("ok", RUSSIAN + "\ufffd")
    assert re.match(
        "1 character in line 1 could not be decoded.* save it as UTF-8", record.parse_error
    )


@pytest.mark.parametrize(
    ("name", "form"), [("a.jsonl", '{{"text": "{0}"}}\n'), ("a.csv", 'text\n"{0}"\n')]
)
def test_line_that_does_not_decode_is_marked_and_said(read, name, form):
    line = form.format(RUSSIAN).encode()
    body = line.split(b"\n")[-2] + b"\n"
    broken = body.replace("вод".encode(), b"\xd0\xff")
    records = read(name, line + broken + body)
    assert [record.parse_status for record in records] == ["ok", "ok", "ok"]
    assert "\ufffd" in records[1].text
    assert [record.parse_error is None for record in records] == [True, False, True]
    assert "cannot be decoded" in records[1].parse_error


def test_wide_record_file_cut_in_a_character_keeps_what_was_read(read):
    data = "\n".join('{"text": "one line"}' for _ in range(9)).encode("utf-16")[:-1]
    records = read("a.jsonl", data)
    assert [record.parse_status for record in records[:8]] == ["ok"] * 8
    assert records[-1].parse_status == "failed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.4\nrest", "name it .pdf"),
        (b"PAR1rest", "name it .parquet"),
        (b"\x1f\x8brest", "end in .gz"),
        (b"PK\x03\x04rest", "office document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "binary"),
        (bytes(range(1, 256)) * 4, "binary|encoding"),
        (b"text with one \0 in it" * 40, "binary"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.jsonl", "a.json", "a.csv"])
def test_content_that_belies_its_name_fails_for_the_file(read, name, content, reason):
    records = read(name, content)
    assert records
    assert {record.parse_status for record in records} == {"failed"}
    assert re.search(reason, records[0].parse_error)
