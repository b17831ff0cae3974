"""What commands and environments of LaTeX stand for."""

import re
import unicodedata

HEADINGS = {
    **{"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4},
    **{"paragraph": 5, "subparagraph": 6, "frametitle": 3, "frame": 3},
}
#: Commands whose arguments are no text, and how many they have.
DROPPED = {
    **dict.fromkeys(("label", "vspace", "hspace", "pagestyle", "thispagestyle", "usepackage"), 1),
    **dict.fromkeys(("documentclass", "bibliographystyle", "bibliography", "includegraphics"), 1),
    **dict.fromkeys(("index", "pagenumbering", "hypersetup", "graphicspath", "usetikzlibrary"), 1),
    **dict.fromkeys(("RequirePackage", "ProvidesPackage", "LoadClass", "phantom", "vphantom"), 1),
    **dict.fromkeys(
        ("cline", "cmidrule", "hphantom", "color", "pdfbookmark", "enlargethispage"), 1
    ),
    **dict.fromkeys(("hyperlink", "hypertarget", "includepdf", "geometry", "urlstyle", "vskip"), 1),
    **dict.fromkeys(
        ("addbibresource", "lstset", "theoremstyle", "thanks", "title", "author", "date"), 1
    ),
    **dict.fromkeys(("setlength", "setcounter", "addtolength", "addtocounter", "newcommand"), 2),
    **dict.fromkeys(("renewcommand", "providecommand", "newtheorem", "definecolor", "rule"), 2),
    **dict.fromkeys(("DeclareMathOperator", "newcolumntype", "addcontentsline", "def"), 2),
    **dict.fromkeys(("newenvironment", "renewenvironment"), 3),
}
CITED = frozenset(
    (
        *("cite", "citep", "citet", "citealp", "citealt", "citeauthor", "citeyear", "parencite"),
        *("textcite", "autocite", "footcite", "nocite", "ref", "eqref", "pageref", "autoref"),
        *("cref", "Cref", "nameref", "vref", "hyperref"),
    )
)
VERBATIM = frozenset(
    (
        *("verbatim", "verbatim*", "Verbatim", "lstlisting", "minted", "alltt", "listing"),
        *("semiverbatim", "BVerbatim", "LVerbatim", "verbatimtab", "tikzpicture", "filecontents"),
    )
)
MATHS = frozenset(
    (
        *("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "alignat"),
        *("flalign", "dmath", "subequations"),
    )
)
#: Tables, and the number of groups behind their names.
TABLES = {"tabular": 1, "tabularx": 2, "longtable": 1, "tabulary": 2, "supertabular": 1, "tabu": 1}
#: Other environments with arguments that are no text.
ARGUMENTS = {"minipage": 1, "multicols": 1, "thebibliography": 1, "wrapfigure": 2, "column": 1}
_NAMED = frozenset(
    (
        *("abstract", "theorem", "lemma", "proof", "definition", "corollary", "proposition"),
        *("remark", "example", "exercise", "note", "warning", "acknowledgements"),
    )
)
SIGNS = {"~": " ", "``": "\u201c", "''": "\u201d", "---": "\u2014", "--": "\u2013"}
WORDS = {
    **{sign: sign for sign in "%&$#_{}-"},
    **dict.fromkeys((",", ";", ":", " ", "!", "/", "@", "\n", "quad", "qquad", "space"), " "),
    **{"ldots": "\u2026", "dots": "\u2026", "textellipsis": "\u2026", "LaTeX": "LaTeX"},
    **{"TeX": "TeX", "BibTeX": "BibTeX", "XeTeX": "XeTeX", "ss": "\u00df", "o": "\u00f8"},
    **{"O": "\u00d8", "ae": "\u00e6", "AE": "\u00c6", "oe": "\u0153", "OE": "\u0152"},
    **{"aa": "\u00e5", "AA": "\u00c5", "l": "\u0142", "L": "\u0141", "i": "\u0131", "j": "\u0237"},
    **{"S": "\u00a7", "P": "\u00b6", "copyright": "\u00a9", "pounds": "\u00a3", "euro": "\u20ac"},
    **{"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|"},
    **{"textless": "<", "textgreater": ">", "textendash": "\u2013", "textemdash": "\u2014"},
    **{"textquoteleft": "\u2018", "textquoteright": "\u2019", "textdegree": "\u00b0"},
    **{"textbullet": "\u2022", "texttrademark": "\u2122", "textregistered": "\u00ae"},
    **{
        "par": "\n\n",
        "newline": "\n",
        "linebreak": "\n",
        "newpage": "\n\n",
        "tabularnewline": "\n",
    },
    **{"hline": "", "toprule": "", "midrule": "", "bottomrule": "", "slash": "/", "-": ""},
    **{"guillemotleft": "\u00ab", "guillemotright": "\u00bb", "glqq": "\u201e", "grqq": "\u201c"},
}
ACCENTS = {
    **{"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304"},
    **{".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328"},
    **{"r": "\u030a", "b": "\u0331", "d": "\u0323"},
}
#: Stands for a space at the start of a line of code, while those of prose are taken away.
INDENT = "\x1d"
_UMLAUTS = dict(zip("aouAOUs", "äöüÄÖÜß", strict=True))
_SHORTHAND = re.compile(r'"([aouAOUs])')
_LETTER = re.compile(r"[ \t]?(?:\{[ \t]?\\?([A-Za-z]?)[ \t]?\}|\\([ij])(?![A-Za-z])|([A-Za-z]))")


def german(text: str) -> str:
    """Return a text with the umlauts that German writes with a quotation mark."""
    return _SHORTHAND.sub(lambda found: _UMLAUTS[found[1]], text) if '"' in text else text


def groups_of(command: str) -> list[str]:
    """Return what the groups behind a command are, if they are not just text."""
    if command in HEADINGS:
        return [f"head:{HEADINGS[command]}"]
    if command in ("footnote", "footnotetext"):
        return ["note"]
    if command in ("textcolor", "colorbox", "raisebox", "parbox", "makebox"):
        return ["drop"]
    if command in ("multirow", "multicolumn"):
        return ["drop"] * 2
    return ["block"] if command == "caption" else ["drop"] * DROPPED.get(command, 0)


def opened(environment: str) -> str:
    """Return what stands where an environment begins: its name, if that says something."""
    return f"\n\n**{environment.capitalize()}.** " if environment in _NAMED else "\n\n"


def accented(accent: str, source: str, place: int) -> tuple[str, int] | None:
    """Return the next letter with an accent, and where it ends; None if none follows."""
    found = _LETTER.match(source, place) if accent in ACCENTS else None
    if not found or (accent.isalpha() and found[3] and source[place] not in " \t"):
        return None
    letter = found[1] or found[2] or found[3] or ""
    return unicodedata.normalize("NFC", letter + ACCENTS[accent] if letter else ""), found.end()
