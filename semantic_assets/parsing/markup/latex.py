"""LaTeX as Markdown-like text: sections, lists, tables and footnotes; mathematics stays TeX.

One pass over the tokens with a stack: documents nest deeper than Python calls may.
"""

import re
from typing import NamedTuple

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup import latex_words
from semantic_assets.parsing.markup.latex_source import Source
from semantic_assets.parsing.markup.marked import document, fenced, heading, one_line, table
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.text import ReadDocument, also_said

_TOKEN = re.compile(
    r"\\(?:begin|end)[ \t]{0,9}\{[^{}\n]{1,60}\}|\\[A-Za-z@]+\*?|\\[^A-Za-z@]|[{}&~$]|%|``|''|-{2,3}"
    r"|[^\\{}&~$%`'-]+|[`'-]"
)
_NAME = re.compile(r"\{([^{}\n]{1,60})\}")
_TITLE = re.compile(r"\\title\s{0,9}(?:\[[^\[\]]{0,300}\])?\s{0,9}\{")
#: In German a quotation mark makes the next vowel an umlaut.
_GERMAN = re.compile(r"[\[{,]n?german[\]},]")
_BODY = re.compile(r"\\begin[ \t]{0,9}\{document\}")
_LINE_START = re.compile(r"\n[ \t]+")
#: More special groups within each other than a person writes are read as plain ones.
_MAX_SPECIAL = 40
_PREAMBLE_CHARS = 20_000
_TITLE_CHARS = 2_000
_ROW, _COLUMN = "\x1e", "\x1f"
_INCLUDING = frozenset(("input", "include", "subfile", "subfileinclude"))


class _Group(NamedTuple):
    """An open brace or environment: what it is, and where its text begins."""

    kind: str
    start: int
    #: What the braces behind it open.
    following: list[str]


def read_latex(data: bytes) -> ReadDocument:
    """Return the text of a LaTeX file without its preamble; its title is that of `\\title`."""
    source, remark = decode(data)
    source = normal_text(source)
    body = _BODY.search(source)
    reading = _Reading(source, body.end() if body else 0)
    reading.run()
    text = _LINE_START.sub("\n", "".join(reading.out))
    found = document(
        text.replace(latex_words.INDENT, " "),
        named=_title(source),
        heading=reading.first,
        included=reading.included,
    )
    return also_said(found, remark)


def _title(source: str) -> str | None:
    found = _TITLE.search(source)
    if not found:
        return None
    reading = _Reading(source[found.end() : found.end() + _TITLE_CHARS], 0, is_fragment=True)
    reading.run()
    return one_line("".join(reading.out))


class _Reading:
    def __init__(self, source: str, start: int, *, is_fragment: bool = False) -> None:
        self.source = Source(source, start)
        self.out: list[str] = []
        self.first: str | None = None
        self.included: list[str] = []
        self._open: list[_Group] = []
        self._special = 0
        #: What the next braces open.
        self._next: list[str] = []
        self._is_fragment = is_fragment
        self._is_german = _GERMAN.search(source, 0, _PREAMBLE_CHARS) is not None

    def run(self) -> None:
        while found := self.source.token(_TOKEN):
            token = found[0]
            is_over = self._is_fragment and token == "}" and not self._open
            if is_over or token == r"\end{document}":
                break
            self._take(token)
        while self._open:
            self._close()

    def _take(self, token: str) -> None:
        if token.startswith("\\"):
            self._command(token[1:])
        elif token == "{":
            self._enter(self._next.pop(0) if self._next else "")
        elif token == "}":
            if self._open and not self._open[-1].kind.startswith("env:"):
                self._close()
        elif token == "%":
            self.source.skip_comment()
        elif token == "$":
            self._dollar()
        elif token == "&":
            self.out.append(_COLUMN if self._is_in_table() else "&")
        else:
            self._next = self._next if not token.strip() else []
            text = latex_words.SIGNS.get(token, token)
            self.out.append(latex_words.german(text) if self._is_german else text)

    def _enter(self, kind: str) -> None:
        if kind:
            self._special += 1
            is_environment = kind.startswith("env:")
            kind = kind if self._special <= _MAX_SPECIAL or is_environment else "plain"
        self._open.append(_Group(kind, len(self.out), self._next))
        self._next = []

    def _close(self) -> None:
        kind, start, self._next = self._open.pop()
        self._special -= bool(kind)
        if kind in ("", "plain", "env:") or (kind != "env:table" and kind.startswith("env:")):
            return
        if self._special > _MAX_SPECIAL:
            return
        text = "".join(self.out[start:])
        del self.out[start:]
        self.out.append(self._written(kind, text))

    def _written(self, kind: str, text: str) -> str:
        if kind.startswith("head:"):
            name = one_line(text)
            self.first = self.first or name
            return "\n" + "\n".join(heading(int(kind[5:]), name)) + "\n"
        if kind == "env:table":
            rows = [row.split(_COLUMN) for row in text.split(_ROW) if row.strip(f" \n{_COLUMN}")]
            return "\n" + "\n".join(table(rows)) + "\n"
        if kind == "note":
            return "" if self._is_fragment else f" ({one_line(text)})"
        return f"\n\n{text.strip()}\n\n" if kind == "block" else ""

    def _command(self, name: str) -> None:
        if name.startswith(("begin", "end")) and (found := _NAME.search(name)):
            (self._begin if name[0] == "b" else self._end)(found[1].strip().rstrip("*"))
            return
        bare = name.rstrip("*")
        groups = latex_words.groups_of(bare)
        if groups:
            self.source.skip_option()
            self._next = groups
        elif bare in latex_words.CITED:
            keys = self.source.keys().replace(",", " ").split()
            self.out.append(f"[{', '.join(keys)}]" if keys else "")
        elif bare in _INCLUDING:
            self.included.append(self.source.keys())
        elif bare in ("item", "bibitem"):
            label = self.source.label()
            self.source.skip_blanks()
            key = f"[{self.source.keys()}] " if bare == "bibitem" else label and f"{label}: "
            self.out.append(f"\n- {key}")
        else:
            self._small(bare)

    def _small(self, name: str) -> None:
        if name in ("verb", "lstinline", "mintinline"):
            code = self.source.verb()
            self.out.append(f"`{code}`" if code else "")
        elif name == "href":
            self.source.skip_target()
        elif name in ("[", "("):
            self._math("\\]" if name == "[" else "\\)", "$$" if name == "[" else "$")
        elif name == "\\":
            self.source.skip_option()
            self.out.append(_ROW if self._is_in_table() else "\n")
        else:
            self._letter(name)

    def _letter(self, name: str) -> None:
        """Write a sign, or the next letter with an accent; other commands leave their text."""
        found = latex_words.accented(name, self.source.text, self.source.place)
        if found:
            letter, self.source.place = found
            self.out.append(letter)
        elif name in latex_words.WORDS:
            self._next = []
            self.out.append(latex_words.WORDS[name])
            if name.isalpha():
                self.source.skip_space()
        elif name.isalpha():
            self.source.skip_option()
            self.source.skip_space()

    def _is_in_table(self) -> bool:
        for group in reversed(self._open[-_MAX_SPECIAL:]):
            if group.kind.startswith("env:"):
                return group.kind == "env:table"
        return False

    def _begin(self, name: str) -> None:
        if name in latex_words.VERBATIM:
            self._verbatim(name)
        elif name in latex_words.MATHS:
            self._math_environment(name)
        elif name == "comment":
            self.source.until("\\end{comment}")
        elif name in latex_words.TABLES:
            self.source.skip_option()
            for _ in range(latex_words.TABLES[name]):
                self.source.skip_group()
            self._enter("env:table")
        else:
            self.source.skip_option()
            for _ in range(latex_words.ARGUMENTS.get(name, 0)):
                self.source.skip_group()
            self._enter("env:")
            self.out.append(latex_words.opened(name))

    def _end(self, _name: str) -> None:
        """Close groups down to the innermost environment; one that was never begun closes none."""
        if not any(group.kind.startswith("env:") for group in self._open[-200:]):
            return
        is_environment = False
        while not is_environment:
            is_environment = self._open[-1].kind.startswith("env:")
            self._close()
        self.out.append("\n\n")

    def _verbatim(self, name: str) -> None:
        content = self.source.until(f"\\end{{{name}}}")
        if content is None:
            return
        first, *rest = content.split("\n")
        language = first.rsplit("{", 1)[-1].rstrip("}") if name == "minted" else ""
        lines = rest if first.lstrip().startswith(("[", "{")) else [first, *rest]
        code = "\n".join(fenced(lines, language)).replace("\n ", f"\n{latex_words.INDENT}")
        self.out.append(f"\n{code}\n")

    def _dollar(self) -> None:
        is_double = self.source.text.startswith("$", self.source.place)
        self.source.place += is_double
        self._math("$$", "$$") if is_double else self._math("$", "$")

    def _math(self, end: str, mark: str) -> None:
        """Write mathematics as it is; without an end, the mark is all there is."""
        content = self.source.math(end)
        if content is not None:
            self.out.append(f"${content}$" if mark == "$" else f"\n\n$$\n{content}\n$$\n\n")

    def _math_environment(self, name: str) -> None:
        content = self.source.math(f"\\end{{{name}")
        if content is None:
            return
        self.source.until("}")
        shown = content.removeprefix("*}").removeprefix("}").strip()
        if name not in ("math", "displaymath"):
            shown = f"\\begin{{{name}}}\n{shown}\n\\end{{{name}}}"
        self.out.append(f"\n\n$$\n{shown}\n$$\n\n")
