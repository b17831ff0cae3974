"""Names of headings: their words, without what marks them up."""

import html
import re

#: Six levels and a title of the heaviest script still leave the model room for 800 tokens.
MAX_CHARS = 120
#: A line of a megabyte may begin with a #.
_READ_CHARS = 1_000
_CLOSING = re.compile(r"(?:^|[ \t])#{1,40}$")
_ATTRIBUTES = re.compile(r"[ \t]?\{:?[ \t]{0,3}[#.][^{}\n]{0,120}\}$")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,400}\)|\[[^\[\]\n]{0,120}\])")
#: Other words in angle brackets are words: `vector<int>`.
_TAG = re.compile(
    r"</?(?:a|abbr|b|br|code|del|em|font|i|img|ins|kbd|mark|s|small|span|strong|sub|sup|tt|u)"
    r"(?:[ \t/][^<>\n]{0,300})?>",
    re.IGNORECASE,
)
_CODE = re.compile(r"(`{1,3})([^`\n]{1,300})\1")
_STARS = re.compile(r"(\*{1,3}|~~)(?=\S)([^*~\n]{1,300})(?<=\S)\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_\n]{1,300})(?<=\S)\1(?!\w)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_KEPT = re.compile("\0(\\d{1,4})\0")


def shortened(heading: str, chars: int = MAX_CHARS) -> str:
    """Shorten a heading to 120 characters, so that it leaves the model room for the text."""
    return " ".join(heading[:chars].split())


def name_of(marked: str) -> str:
    """Return the words of a heading written in Markdown, on one line; "" if it has none."""
    text = marked[:_READ_CHARS].strip().replace("\0", "")
    text = _ATTRIBUTES.sub("", _CLOSING.sub("", text).rstrip()).rstrip()
    kept: list[str] = []  # code and escaped signs mean what they are

    def keep(words: str) -> str:
        kept.append(words)
        return f"\0{len(kept) - 1}\0"

    text = _CODE.sub(lambda found: keep(found[2].strip()), text)
    text = _ESCAPED.sub(lambda found: keep(found[1]), text)
    for pattern, group in ((_LINK, 1), (_LINK, 1), (_STARS, 2), (_UNDERSCORES, 2), (_STARS, 2)):
        text = pattern.sub(rf"\{group}", text)
    text = html.unescape(_TAG.sub("", text))
    return shortened(_KEPT.sub(lambda found: kept[int(found[1])], text))
