"""The texts of pictures: alternative texts that say something, and titles of drawings."""

import re

from semantic_assets.parsing.html.formulas import unwrapped_tex
from semantic_assets.parsing.html.tree import Element, is_inside, text_of

_MATH_CLASSES = ("math", "mwe-math", "latex", "tex", "katex", "equation")
_FILE_NAME = re.compile(r"\S{1,200}\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|avif)", re.IGNORECASE)
_CAMERA_NAME = re.compile(
    r"(?:img|dsc|dscn|screenshot|image|picture|photo|figure|fig)[\W_]?\d*", re.I
)
#: Alternative texts that only say that there is a picture.
_EMPTY_WORDS = frozenset(
    [
        "image",
        "img",
        "picture",
        "photo",
        "photograph",
        "icon",
        "logo",
        "avatar",
        "spacer",
        "banner",
        "thumbnail",
        "graphic",
        "bullet",
        "pixel",
        "blank",
        "arrow",
        "next",
        "prev",
        "previous",
        "up",
        "home",
        "loading",
        "bild",
        "foto",
        "imagen",
    ]
)
_ENDINGS = (" logo", " icon", " avatar", "'s avatar", "'s profile picture", " button")
_CAPTION_PIECES = 200
_ICON_PIXELS = 48
_CONTROLS = frozenset(("a", "button", "summary", "nav"))


def picture_text(element: Element) -> str | None:
    """Return what a picture says in place of itself; None: nothing. A formula is as it is."""
    alt = " ".join(element.get("alt").split())
    if any(word.startswith(_MATH_CLASSES) for word in element.words("class")):
        return unwrapped_tex(alt) or None
    if element.get("role") in ("presentation", "none") or _is_small(element):
        return None
    return f"[{alt}]" if _says_something(alt) and not _is_said_beside(element, alt) else None


def drawing_text(element: Element) -> str | None:
    """Return the label or the title of an SVG drawing that is no icon of a control."""
    if is_inside(element, _CONTROLS) or _is_small(element):
        return None
    titles = [text_of(child) for child in element.elements if child.tag in ("title", "desc")]
    label = " ".join(element.get("aria-label").split()) or ". ".join(filter(None, titles))
    return f"[{label}]" if _says_something(label) else None


def _is_small(element: Element) -> bool:
    sizes = [element.get(name).removesuffix("px") for name in ("width", "height")]
    return any(size.isdecimal() and len(size) < 6 and int(size) <= _ICON_PIXELS for size in sizes)


def _says_something(alt: str) -> bool:
    lowered = alt.lower()
    return (
        len(alt) > 2
        and lowered not in _EMPTY_WORDS
        and not lowered.endswith(_ENDINGS)
        and not lowered.startswith(("http:", "https:", "data:"))
        and not _FILE_NAME.fullmatch(alt)
        and not _CAMERA_NAME.fullmatch(alt)
    )


def _is_said_beside(element: Element, alt: str) -> bool:
    """Return whether the caption or the link around a picture says the same."""
    parent = element.parent
    for _ in range(3):
        if parent is None:
            return False
        if parent.tag in ("figure", "a"):
            return alt.rstrip(".") in text_of(parent, _CAPTION_PIECES)
        parent = parent.parent
    return False
