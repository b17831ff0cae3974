"""What of a PDF is no text, in one line, with the way to have it read."""

from collections.abc import Iterable
from typing import NamedTuple

_OCR = 'run OCR on it (as "ocrmypdf --skip-text"), then put it back'
_FORCED_OCR = 'run OCR on it (as "ocrmypdf --force-ocr"), then put it back'
_COPY = "get an undamaged copy, or print it to a new PDF"
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
    noise = "mostly without readable text, as the fonts do not name their letters"
    said = [
        f"{_pages(left.pictures, 'a picture without text', 'pictures without text')}: {_OCR}",
        f"{_pages(left.noise, noise, noise)}: {_FORCED_OCR}",
        f"{_pages(left.broken, 'damaged', 'damaged')}: {_COPY}",
    ]
    said = [one for one in said if not one.startswith(":")]
    if left.is_xfa:
        said.append(
            "it is an XFA form, of which only the filled-in values are read: print it to PDF"
        )
    if left.attached:
        said.append(_files(left.attached))
    return "; ".join(said) or None


def _pages(numbers: list[int], one: str, many: str) -> str:
    """Return the sentence on these pages, "" without any."""
    ranges = [f"{a}-{b}" if b > a else f"{a}" for a, b in _ranges(numbers)]
    if len(ranges) > _MOST_RANGES:
        return f"{len(numbers)} pages ({', '.join(ranges[:_MOST_RANGES])} ...) are {many}"
    listed = " and ".join(filter(None, (", ".join(ranges[:-1]), *ranges[-1:])))
    if not listed:
        return ""
    return f"page {listed} is {one}" if len(numbers) == 1 else f"pages {listed} are {many}"


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
    is_one = len(names) == 1
    count = "an attached file is" if is_one else f"{len(names)} attached files are"
    return f"{count} not read ({listed}): save {'it' if is_one else 'them'} beside the PDF"
