"""One form for each character: what is stored, embedded and asked is written alike.

Composed letters (NFC), a plain space for each kind of space within a line, and none of the
characters that are drawn as nothing, save where a script or an emoji needs them.
"""

import re
import unicodedata

#: Soft hyphen, zero-width space, word joiner, mark of byte order, of direction, deprecated formats,
#: mathematics without a sign, annotations between lines, and the grapheme joiner outside marks.
_UNSEEN = re.compile(
    "[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|\u034f(?![\u0300-\u036f\u0591-\u05c7])"
)
#: Tags spell out a region behind a black flag; anywhere else they hide a text.
_TAGS = re.compile("(?<!\U0001f3f4)(?<![\U000e0020-\U000e007e])[\U000e0000-\U000e007f]+")
#: Letters are joined or kept apart in the scripts from Arabic to Mongolian.
_JOINING = "\u0600-\u109f\u1780-\u18af\u1a20-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefe\U00011000-\U00011fff"
_PICTURE = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINER = re.compile(
    f"(?<![{_JOINING}])\u200c(?![{_JOINING}])"
    f"|(?<![{_JOINING}{_PICTURE}\ufe0f])\u200d(?![{_JOINING}])"
    f"|(?<=[{_PICTURE}\ufe0f])\u200d(?![{_PICTURE}])"
)
#: A selector follows the sign, digit, ideograph or letter of Asia whose form it chooses.
_SELECTOR = re.compile(
    r"(?<![#*0-9\xa9\xae\u1000-\u109f\u1800-\u18af\u203c-\u2bff\u2e80-\u9fff\ua840-\ua87f"
    "\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_SPACE = re.compile("[\xa0\u2000-\u200a\u202f\u205f]")
#: What any of the patterns above may find: most texts hold none of it.
_ODD = re.compile(
    "[\xa0\xad\u034f\u061c\u2000-\u200f\u202a-\u202f\u205f-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e01ef]"
)
#: Marks are sorted one by one when they are composed: a million on one letter would take hours.
_MARKS = re.compile(r"([^\w\s\x00-\x7f]{64,})")


def canonical(text: str) -> str:
    """Return a text in the one form in which it is stored, embedded and searched."""
    if text.isascii():
        return text
    if _ODD.search(text):
        text = _SPACE.sub(" ", _UNSEEN.sub("", text))
        text = _SELECTOR.sub("", _JOINER.sub("", _TAGS.sub("", text)))
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _MARKS.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)
