import time
from concurrent.futures import ThreadPoolExecutor


def test_pages_are_joined_and_their_offsets_known(read, make_pdf, tmp_path):
    content = make_pdf([["First page", "second line"], ["Page two"], ["Page three"]], title="Pump")
    [record] = read("a.pdf", content)
    assert record.text == "First page\nsecond line\n\nPage two\n\nPage three"
    assert [record.text[start:][:6] for start in record.pages] == ["First ", "Page t", "Page t"]
    assert record.pages == (0, 24, 34)
    assert (record.title, record.mime) == ("Pump", "application/pdf")
    assert (record.bytes, record.record_id) == (len(content), None)


def test_page_without_text_begins_where_the_next_does(read, make_pdf):
    [record] = read("a.pdf", make_pdf([[], ["One"], [], ["Two"], []]))
    assert record.text == "One\n\nTwo"
    assert record.pages == (0, 0, 5, 5, 8)


def test_pdf_without_title_is_named_after_its_file(read, make_pdf):
    assert read("pump.pdf", make_pdf([["x"]]))[0].title == "pump"


def test_word_broken_at_a_line_end_is_whole(read, make_pdf):
    [record] = read("a.pdf", make_pdf([["a long hyphen-", "ated word"]]))
    assert record.text == "a long hyphenated\nword"


def test_pdf_without_text_layer_asks_for_ocr(read, make_pdf):
    [record] = read("a.pdf", make_pdf([[], []]))
    assert record.parse_error == "PDF has no text layer: run OCR on it first"


def test_encrypted_pdf_fails(read, make_pdf):
    [record] = read("a.pdf", make_pdf([["x"]], is_encrypted=True))
    assert record.parse_error.startswith("PDF is encrypted: ")


def test_damaged_pdf_fails(read, make_pdf):
    [record] = read("a.pdf", make_pdf([["x"]])[:150])
    assert record.parse_error.startswith("PDF is damaged: ")


def test_other_content_named_pdf_fails(read):
    [record] = read("a.pdf", b"<html>login first</html>")
    assert "it is not a PDF" in record.parse_error


def test_threads_may_read_at_once(read, make_pdf):
    content = make_pdf([[f"page {number}"] for number in range(40)])
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: read(f"{number}.pdf", content), range(16)))
    assert {record.text for [record] in results} == {results[0][0].text}
    assert len(results[0][0].pages) == 40


def test_long_document_takes_time_in_proportion(read, make_pdf):
    content = make_pdf([[f"page {number}"] for number in range(2000)])
    started = time.process_time()
    [record] = read("a.pdf", content)
    assert len(record.pages) == 2000
    assert time.process_time() - started < 5
