"""Foreign text: what documents, servers and libraries say. It is never markup, control or secret.

`visible` and what is built on it make text safe to show; `scrubbed` takes secrets out where a text
enters. What is stored, and what `--json` prints, stays exact.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

#: C0, DEL, C1, every format character of Unicode 15 (bidi, zero width, soft hyphen, tags), line and
#: paragraph separators, lone surrogates, and the letters that are drawn as nothing.
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff"
    r"\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_IN_A_LINE = re.compile(f"[{_UNSEEN}]")
_IN_LINES = re.compile(rf"(?!\n)[{_UNSEEN}]")
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
#: A shorter secret may stand in a name by chance: a key of one letter once changed a file's name.
_SHORTEST_SECRET, _SHORTEST_WORD = 16, 5
_HIDDEN = "<key>"
#: Keys by their shape, passwords in addresses, and values that are named as secret. No pattern can
#: begin again inside what it has read, so that the time is linear in the text.
_SECRETS = (
    (re.compile(r"\b(?:AIza|AQ\.)[0-9A-Za-z_-]{30,200}"), _HIDDEN),
    (re.compile(r"\bsak_[0-9A-Za-z_-]{20,80}"), _HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), _HIDDEN),
    (re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,500}@"), rf"\1{_HIDDEN}@"),
    (re.compile(r"(?i)([?&]key=)[^\s&\"']{4,4000}"), rf"\1{_HIDDEN}"),
    (
        re.compile(r"(?i)\b(bearer|basic) (?=\S{0,200}[0-9])[0-9a-z._~+/=-]{16,4000}"),
        rf"\1 {_HIDDEN}",
    ),
    (re.compile(r"(?i)([-_]key: ?)(?!<key>)[^\s\"'&;,)]{12,4000}"), rf"\1{_HIDDEN}"),
    (
        re.compile(
            r"(?i)\b(x-goog-api-key|x-amz-(?:signature|credential|security-token)|x-goog-signature"
            r"|api[-_]?key|access[-_]?key|secret[-_]?access[-_]?key|password|passwd|pwd|secret"
            r"|(?:access_|session_|refresh_)?token)"
            r"(\"?\s{0,3}=\s{0,3}\"?|\"?:\s{0,3}\"|:(?=\S))(?!<key>)[^\s\"'&;,)]{4,4000}"
        ),
        rf"\1\2{_HIDDEN}",
    ),
)


def visible(text: str) -> str:
    """Return a text as one line in which every control and format character is seen, as `\\x1b`."""
    return _IN_A_LINE.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """Do as `visible`, but keep line breaks."""
    return _IN_LINES.sub(_escaped, text.replace("\r\n", "\n"))


def markdown(text: str) -> str:
    """Return a text that a Markdown page shows as it is: no link, image, tag or list."""
    return _MARKDOWN.sub(r"\\\1", visible(" ".join(text.split())))


def exact_json(
    value: Any, *, indent: int | None = None, default: Callable[[Any], Any] = str
) -> str:
    """Return JSON whose strings are exact and in which no control or format character is raw."""
    text = json.dumps(value, ensure_ascii=False, default=default, indent=indent)
    return _IN_LINES.sub(lambda found: json.dumps(found[0])[1:-1], text)


#: Of one message; a service sent ten megabytes in a line that failed.
_MOST_SAID = 2_000


def scrubbed(text: str, *secrets: str | None) -> str:
    """Return a text from outside without these secrets and without what looks like one.

    Google's own words for a suspended key hold the key, and a driver may repeat an address.
    """
    for secret in filter(None, secrets):
        for form in {secret, quote(secret, safe="")}:
            if len(form) >= _SHORTEST_SECRET:
                text = text.replace(form, _HIDDEN)
            elif len(form) >= _SHORTEST_WORD:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", _HIDDEN, text)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def said(text: object) -> str:
    """Return the words of a service as they are kept: without secrets, and of some length."""
    words = str(text)
    more = len(words) - _MOST_SAID
    # As much again: a secret that is cut in two does not look like one.
    kept = scrubbed(words[: 2 * _MOST_SAID])[:_MOST_SAID]
    return kept + (f"... ({more:,} more)" if more > 0 else "")


def scrub_error(error: BaseException, *secrets: str | None) -> None:
    """Take secrets out of an error from outside and of those before it: a trace prints them all."""
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        one.args = tuple(scrubbed(a, *secrets) if isinstance(a, str) else a for a in one.args)
        one = one.__cause__ or one.__context__


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if named is not None:
        return named
    code = ord(character)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
