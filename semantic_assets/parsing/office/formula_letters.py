"""Formulas as letters: OMML of Office and MathML of OpenDocument, `(a)/(b)`, `c^2`, `x_1`."""

from xml.etree.ElementTree import Element

_SIMPLE = 1


def formula_text(element: Element) -> str:
    """Return a formula, or a part of one, as a line of letters."""
    write = _WRITERS.get(element.tag)
    if write is not None:
        return write(element)
    if element.tag in ("m.t", "math.mi", "math.mn", "math.mo", "math.mtext"):
        return (element.text or "").strip() if element.tag != "m.t" else element.text or ""
    return "".join(map(formula_text, element))


def _part(element: Element, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else formula_text(found).strip()


def _grouped(text: str) -> str:
    return text if len(text) <= _SIMPLE or text.isalnum() else f"({text})"


def _fraction(element: Element) -> str:
    return f"{_grouped(_part(element, 'm.num'))}/{_grouped(_part(element, 'm.den'))}"


def _scripts(element: Element) -> str:
    base = _part(element, "m.e")
    low, high = _part(element, "m.sub"), _part(element, "m.sup")
    return _with_scripts(_sign(element) or base, low, high) + (base if _sign(element) else "")


def _sign(element: Element) -> str:
    """Return the sign of a sum or an integral, which stands before what it is of."""
    if element.tag != "m.nary":
        return ""
    sign = element.find("m.naryPr/m.chr")
    return "∫" if sign is None else sign.get("m.val", "∫")


def _with_scripts(base: str, low: str, high: str) -> str:
    under = f"_{_grouped(low)}" if low else ""
    over = f"^{_grouped(high)}" if high else ""
    return f"{base}{under}{over}"


def _root(element: Element) -> str:
    degree = _part(element, "m.deg")
    return f"√{f'[{degree}]' if degree else ''}({_part(element, 'm.e')})"


def _delimited(element: Element) -> str:
    signs = {
        name: found.get("m.val", default)
        if (found := element.find(f"m.dPr/m.{name}")) is not None
        else default
        for name, default in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    }
    inner = signs["sepChr"].join(formula_text(one) for one in element.findall("m.e"))
    return f"{signs['begChr']}{inner}{signs['endChr']}"


def _matrix(element: Element) -> str:
    rows = (
        ", ".join(formula_text(cell) for cell in row.findall("m.e"))
        for row in element.findall("m.mr")
    )
    return f"[{'; '.join(rows)}]"


def _children(element: Element) -> list[str]:
    return [formula_text(one) for one in element]


def _math_fraction(element: Element) -> str:
    over, under, *_ = [*_children(element), "", ""]
    return f"{_grouped(over)}/{_grouped(under)}"


def _math_scripts(element: Element) -> str:
    base, first, second, *_ = [*_children(element), "", "", ""]
    kind = element.tag.partition(".")[2]
    low = first if kind in ("msub", "msubsup", "munder", "munderover") else ""
    high = second if kind in ("msubsup", "munderover") else "" if low else first
    return _with_scripts(base, low, high)


def _first_only(element: Element) -> str:
    """Return the formula itself; what follows is the same in another language."""
    return formula_text(element[0]) if len(element) else ""


def _nothing(_: Element) -> str:
    return ""


_WRITERS = {
    "m.f": _fraction,
    **dict.fromkeys(("m.sSup", "m.sSub", "m.sSubSup", "m.nary"), _scripts),
    "m.rad": _root,
    "m.d": _delimited,
    "m.m": _matrix,
    **dict.fromkeys(("w.del", "w.moveFrom", "w.rPr", "m.ctrlPr", "math.annotation"), _nothing),
    "math.mfrac": _math_fraction,
    **{
        f"math.{name}": _math_scripts
        for name in ("msub", "msup", "msubsup", "munder", "mover", "munderover")
    },
    "math.msqrt": lambda one: f"√({''.join(_children(one))})",
    "math.semantics": _first_only,
}
