"""Messages: the text a reader sees, under the subject, with the headers as metadata."""

import base64

import pytest

from tests.parsing.conftest import Read

_HEAD = "From: Ann <ann@example.org>\nSubject: The valve\n"


def _mail(kind: str, body: str, *, more: str = "") -> str:
    return f"{_HEAD}Content-Type: {kind}\n{more}\n{body}"


def _multipart(subtype: str, *parts: str) -> str:
    inner = "".join(f"--b\n{part}\n" for part in parts)
    return _mail(f'multipart/{subtype}; boundary="b"', f"{inner}--b--\n")


_PLAIN = "Content-Type: text/plain; charset=utf-8\n\nPlain words"
_HTML = "Content-Type: text/html; charset=utf-8\n\n<html><body><p>Page words</p></body></html>"


def test_headers_are_decoded_and_kept(read: Read):
    subject = f"=?utf-8?b?{base64.b64encode('Клапан'.encode()).decode()}?="
    mail = (
        f"Subject: {subject}\n =?iso-8859-1?q?_=E9t=E9?=\nFrom: =?utf-8?q?J=C3=B6rg?= <j@example.org>\n"
        "To: a@example.org,\n b@example.org\nCc: c@example.org\nMessage-ID: <1@example.org>\n"
        "Date: Mon, 6 May 2024 07:08:09 +0200\n\nbody"
    )
    [record] = read("a.eml", mail)
    assert (record.title, record.text) == ("Клапан été", "body")
    assert record.metadata == {
        "from": "Jörg <j@example.org>",
        "to": "a@example.org, b@example.org",
        "cc": "c@example.org",
        "message_id": "<1@example.org>",
        "date": "2024-05-06T07:08:09+02:00",
    }


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "バルブが漏れる"),
        ("koi8-r", "Клапан течёт"),
        ("windows-1252", "Das „Ventil“"),
        ("gb2312", "阀门漏水"),
    ],
)
@pytest.mark.parametrize("coding", ["8bit", "base64", "quoted-printable"])
def test_charsets_and_codings_are_undone(read: Read, charset: str, text: str, coding: str):
    raw = text.encode(charset)
    body = {
        "8bit": raw,
        "base64": base64.b64encode(raw),
        "quoted-printable": "".join(f"={byte:02X}" for byte in raw).encode(),
    }[coding]
    head = (
        f"{_HEAD}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {coding}"
    )
    [record] = read("a.eml", head.encode() + b"\n\n" + body)
    assert record.text == text


@pytest.mark.parametrize("charset", ["us-ascii", "unknown-8bit", "iso-8859-1", "x-nonsense", ""])
def test_utf8_with_a_wrong_label_is_still_utf8(read: Read, charset: str):
    label = f"; charset={charset}" if charset else ""
    [record] = read("a.eml", _mail(f"text/plain{label}", "Größe und Länge"))
    assert record.text == "Größe und Länge"


def test_plain_text_is_preferred_to_html(read: Read):
    assert read("a.eml", _multipart("alternative", _HTML, _PLAIN))[0].text == "Plain words"


def test_html_is_read_if_plain_text_is_missing_or_empty(read: Read):
    empty = "Content-Type: text/plain\n\n \n"
    assert read("a.eml", _multipart("alternative", empty, _HTML))[0].text == "Page words"
    assert read("a.eml", _multipart("related", _HTML))[0].text == "Page words"


def test_attachments_are_named_in_the_remark(read: Read):
    plan = "Content-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment\n\nx"
    text = "Content-Type: text/plain\nContent-Disposition: attachment; filename=log.txt\n\nx"
    tnef = "Content-Type: application/ms-tnef; name=winmail.dat\n\nx"
    inline = "Content-Type: image/png\nContent-ID: <1>\n\nx"
    [record] = read("a.eml", _multipart("mixed", _PLAIN, plan, text, tnef, inline))
    assert record.text == "Plain words"
    assert record.parse_error == (
        "attachments were not read: plan.pdf, log.txt, winmail.dat; save them as files of their own"
    )


def test_forwarded_message_is_part_of_the_text(read: Read):
    inner = "Content-Type: message/rfc822\n\nFrom: bo@example.org\nSubject: Old\n\nOld words"
    [record] = read("a.eml", _multipart("mixed", _PLAIN, inner))
    assert record.text == (
        "Plain words\n\nForwarded message:\nSubject: Old\nFrom: bo@example.org\n\nOld words"
    )


def test_soft_line_ends_are_joined_within_a_quote(read: Read):
    body = "One \nparagraph.\n\n> quoted \n> words\nreply \n-- \nAnn"
    [record] = read("a.eml", _mail("text/plain; format=flowed", body))
    assert record.text == "One paragraph.\n\n> quoted words\nreply\n-- \nAnn"


@pytest.mark.parametrize(
    "kind", ['multipart/encrypted; boundary="b"', "application/pkcs7-mime; name=smime.p7m"]
)
def test_encrypted_message_says_so(read: Read, kind: str):
    [record] = read("a.eml", _mail(kind, "--b\n\nx\n--b--"))
    assert record.parse_error.startswith("it is encrypted: decrypt it in a mail program")


def test_signed_message_is_read_without_its_signature(read: Read):
    signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx"
    [record] = read("a.eml", _multipart("signed", _PLAIN, signature))
    assert (record.text, record.parse_error) == ("Plain words", None)


@pytest.mark.parametrize("content", ["just text\nand more", "<html></html>", "\x01\x02"])
def test_what_is_no_message_says_so(read: Read, content: str):
    [record] = read("a.eml", content)
    assert "it is no message" in record.parse_error


def test_saved_page_is_read_as_a_page(read: Read):
    assert read("a.mht", _multipart("related", _HTML))[0].text == "Page words"
