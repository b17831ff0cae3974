"""What of a PDF is no text, in one line, with the way to have it read."""

from collections.abc import Iterable
from typing import NamedTuple

_OCR = 'run OCR on it (as "ocrmypdf --skip-text"), then put it back'
_MOST_NAMES = 5
_MOST_RANGES = 20


class Left(NamedTuple):
    """What was not read: numbers of pages from 1 on, and names of attached files."""

    pictures: list[int]
    noise: list[int]
    broken: list[int]
    attached: list[str]
    is_xfa: bool = False


def remark_on(left: Left) -> str | None:
    """Return the remark on a PDF with text; None if all of it was read."""
    parts = [
        (left.pictures, "a picture without text", "pictures without text", _OCR),
        (left.noise, "no readable text, as the fonts do not name their letters", "", _force()),
        (left.broken, "damaged", "damaged", "get an undamaged copy, or print it to a new PDF"),
    ]
    said = [
        f"{_pages(pages)} {'is' if len(pages) == 1 else 'are'}"
        f" {one if len(pages) == 1 else many or one}: {remedy}"
        for pages, one, many, remedy in parts
        if pages
    ]
    if left.is_xfa:
        said.append(
            "it is an XFA form, of which only the filled-in values are read: print it to PDF"
        )
    if left.attached:
        said.append(f"{_files(left.attached)}: save them beside it")
    return "; ".join(said) or None


def _force() -> str:
    return 'run OCR on it (as "ocrmypdf --force-ocr"), then put it back'


def _pages(numbers: list[int]) -> str:
    ranges = [f"{a}-{b}" if b > a else f"{a}" for a, b in _ranges(numbers)]
    if len(ranges) > _MOST_RANGES:
        return f"{len(numbers)} pages ({', '.join(ranges[:_MOST_RANGES])} ...)"
    word = "page" if len(numbers) == 1 else "pages"
    listed = " and ".join(filter(None, (", ".join(ranges[:-1]), ranges[-1])))
    return f"{word} {listed}"


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _files(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    count = f"{len(names)} attached files are" if len(names) > 1 else "an attached file is"
    return f"{count} not read ({listed})"
