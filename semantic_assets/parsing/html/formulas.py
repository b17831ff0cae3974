"""Formulas, powers and indices as text: TeX where the page has it, else the signs in line."""

import re
from itertools import islice

from semantic_assets.parsing.html.tree import Element, elements_of, parents_of, text_of

_WRAPPED_TEX = re.compile(r"\{\\(?:display|text)style\s(.*)\}", re.DOTALL)
_DIGITS = re.compile(r"[+\-\u2212]?\d{1,9}")
_POWERS = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_INDICES = str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
#: What stands raised and is no power: the ends of ordinal numbers, marks of trade and of notes.
_RAISED_ENDS = frozenset(
    (
        *("st", "nd", "rd", "th", "d", "er", "re", "ère", "e", "ème", "eme", "o", "a", "os", "as"),
        *("º", "ª", "tm", "sm", "®", "™", "©", "*", "†", "‡"),
    )
)
_BRACKETED = re.compile(r"[\[(].{0,40}[\])]")
_NOTE = re.compile(r"[\w*\u2020\u2021\u00a7\u00b6 ,\u2013-]{1,12}")
#: Renderings beside a formula that the page also has as MathML or TeX.
_RENDERED = frozenset(
    [
        "katex-html",
        "mathjax",
        "mathjax_preview",
        "mathjax_display",
        "mathjax_svg",
        "mathjax_svg_display",
        "mathjax_chtml",
        "mjxc-display",
    ]
)
_SIGNS = {"msup": "^", "msub": "_", "mover": "^", "munder": "_"}
#: Elements beside a rendering among which its source is.
_NEAR = 200
_BOTH = frozenset(("msubsup", "munderover"))


def formula_text(element: Element) -> str | None:
    """Return the text of a formula: of `math`, or of a script that holds TeX; None: it is none."""
    if element.tag == "script":
        return text_of(element)
    if element.tag != "math":
        return None
    return unwrapped_tex(element.get("alttext")) or _annotation(element) or _in_line(element)


def unwrapped_tex(tex: str) -> str:
    """Return TeX without the style that an encyclopedia wraps around it."""
    tex = " ".join(tex.split())
    found = _WRAPPED_TEX.fullmatch(tex)
    return (found[1] if found else tex).strip()


def _annotation(math: Element) -> str:
    for element in elements_of(math):
        if element.tag == "annotation" and "tex" in element.get("encoding").lower():
            return unwrapped_tex(text_of(element))
    return ""


def _in_line(math: Element) -> str:
    """Return the signs of MathML in line, by an explicit stack: as `x^2`, `(a)/(b)`, `sqrt(x)`."""
    texts: dict[int, str] = {}
    waiting: list[tuple[Element, bool]] = [(math, False)]
    while waiting:
        element, is_done = waiting.pop()
        if element.tag.startswith("annotation"):
            texts[id(element)] = ""
        elif is_done:
            parts = [
                " ".join(child.split()) if isinstance(child, str) else texts.pop(id(child))
                for child in element.children
            ]
            texts[id(element)] = _joined(element.tag, [part for part in parts if part])
        else:
            waiting.append((element, True))
            waiting += ((child, False) for child in element.elements)
    return texts[id(math)]


def _joined(tag: str, parts: list[str]) -> str:
    if tag in _SIGNS and len(parts) == 2:
        return parts[0] + _SIGNS[tag] + _grouped(parts[1])
    if tag in _BOTH and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if tag == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if tag in ("msqrt", "mroot"):
        return f"sqrt({', '.join(parts)})"
    return (" " if tag == "mtr" else "; " if tag == "mtable" else "").join(parts)


def _grouped(text: str) -> str:
    return text if len(text) == 1 or text.isalnum() else f"({text})"


def is_second_rendering(element: Element) -> bool:
    """Return whether a formula is here a second time, as it looks."""
    words = element.words("class")
    if element.tag == "img" and any(word.startswith("mwe-math") for word in words):
        return element.parent is not None and _has_math(element.parent)
    if _RENDERED.isdisjoint(words):
        return False
    if "katex-html" in words:
        return element.parent is not None and _has_math(element.parent)
    return element.parent is not None and any(
        child.tag == "script" or ("mjx_assistive_mathml" in child.words("class"))
        for child in element.parent.elements
    )


def _has_math(element: Element) -> bool:
    return any(below.tag == "math" for below in islice(elements_of(element), _NEAR))


def is_in_formula(element: Element) -> bool:
    """Return whether the nearest elements around are those of a formula."""
    words = {word for parent in parents_of(element, 3) for word in parent.words("class")}
    return any(word.startswith(("mwe-math", "katex", "mathjax")) for word in words)


def raised(text: str, before: str, *, has_link: bool) -> str:
    """Return the text of a superscript behind the character `before`: a power, or a note's mark."""
    text = " ".join(text.split())
    if not text or text.lower() in _RAISED_ENDS or _BRACKETED.fullmatch(text):
        return text
    if has_link:
        return f"[{text}]" if _NOTE.fullmatch(text) else text
    if _DIGITS.fullmatch(text):
        return text.translate(_POWERS)
    return f"^{_grouped(text)}" if before.isalnum() or before in ")]" else text


def lowered(text: str, before: str) -> str:
    """Return the text of a subscript behind the word or sign `before`: H2O, x_i, log₁₀."""
    text = " ".join(text.split())
    if not text or not (before[-1:].isalnum() or before[-1:] in (")", "]")):
        return text
    if not _DIGITS.fullmatch(text):
        return f"_{_grouped(text)}"
    is_base = before[-1].isdigit() or (before[-3:].isalpha() and before[-3:].islower())
    return text.translate(_INDICES) if is_base and len(before) > 2 - before[-1].isdigit() else text
