"""Mailboxes: each message is a document with its Message-ID as id."""

import io

from semantic_assets.parsing.formats import is_multi_record, mime_of
from semantic_assets.parsing.mail.mailbox import read_mailbox
from tests.parsing.conftest import Read

_START = "From ann@example.org Mon May  6 07:08:09 2024\n"


def _message(number: int, body: str) -> str:
    head = f"Message-ID: <{number}@example.org>\nSubject: Letter {number}\nFrom: a@example.org\n"
    return f"{_START}{head}\n{body}\n\n"


def test_each_message_is_a_document(read: Read):
    one, two = read("a.mbox", _message(1, "first words") + _message(2, "second words"))
    assert (one.record_id, one.title, one.text) == ("1@example.org", "Letter 1", "first words")
    assert (two.record_id, two.title, two.text) == ("2@example.org", "Letter 2", "second words")
    assert one.mime == mime_of("a.mbox") == "message/rfc822"
    assert is_multi_record("a.mbox")


def test_messages_can_be_skipped(read: Read):
    box = "".join(_message(number, f"words {number}") for number in range(4))
    assert [one.text for one in read("a.mbox", box, skip=2)] == ["words 2", "words 3"]


def test_only_a_line_with_a_time_after_an_empty_line_begins_a_message(read: Read):
    body = "Hello\nFrom the valve at 10:00 it leaks\n\nFrom Rome with love\n\n>From quoted\n>>From twice"
    [record] = read("a.mbox", _message(1, body))
    assert record.text == body.replace("\n>From", "\nFrom").replace("\n>>From", "\n>From")


def test_one_bad_message_costs_itself_only(read: Read):
    locked = f"{_START}Content-Type: application/pkcs7-mime\nSubject: x\n\nAAAA\n\n"
    good, bad, last = read("a.mbox", _message(1, "first") + locked + _message(3, "third"))
    assert (good.text, last.text) == ("first", "third")
    assert bad.parse_error.startswith("it is encrypted")


def test_message_without_text_names_its_number(read: Read):
    [record] = read("a.mbox", _message(1, ""))
    assert record.parse_error == "message 1 has no text; remove it"


def test_mailbox_is_read_as_it_comes():
    box = io.BytesIO("".join(_message(number, "x" * 100) for number in range(30_000)).encode())
    messages = read_mailbox(box, compressed=False, skip=0)
    next(messages)
    assert box.tell() < 3 << 20


def test_packed_mailbox_is_unpacked(read: Read):
    [record] = read("a.mbox.gz", _message(1, "words"))
    assert record.text == "words"


def test_what_is_no_mailbox_says_so(read: Read):
    [record] = read("a.mbox", "no message at all\n")
    assert "no line of it begins a message" in record.parse_error
