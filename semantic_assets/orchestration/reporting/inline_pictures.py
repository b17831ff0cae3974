"""Pictures that Dagster's UI shows without a click: markdown of less than 1,000 characters.

An image is a data URI, since the UI drops HTML and reaches no server of ours. So a picture has as many
points as fit.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import dagster as dg
import numpy as np
import numpy.typing as npt

from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.pipeline.embeddings.vector_map import OTHERS, VectorMap
from semantic_assets.text.foreign import markdown, visible

#: The UI shows shorter markdown at once, and longer at a click.
MAX_CHARS = 999
#: Characters of a markdown destination that stand for themselves.
_SAFE = "/:;,.=+-*'!_~@&?"
_OPEN = "<svg xmlns='http://www.w3.org/2000/svg' "
#: Named in the text below: not everybody tells colours apart, and none of these needs escaping.
_COLOURS = ("blue", "orange", "red", "green", "purple", "brown")
_GREY = "gray"
_WIDTH, _HEIGHT, _SCALE = 96, 48, 6
_MOST_DOTS, _FEWER = 160, 4
_LEGEND_CHARS, _NAME_CHARS = 260, 24
#: A trend: its size, the room around it, and the versions that fit.
_TREND_WIDTH, _TREND_HEIGHT, _ROOM = 360, 110, 24
Cells = npt.NDArray[np.int64]


def small_map(found: VectorMap) -> dg.MarkdownMetadataValue:
    """Return a map as a picture of a sample of its points, with the sources by their colours."""
    legend = _legend(found)
    dots = min(_MOST_DOTS, len(found.points))
    while True:
        text = f"{_image('Map of the vectors', _map_svg(found, dots))}\n\n{legend}"
        if _units(text) <= MAX_CHARS or dots <= _FEWER:
            return dg.MetadataValue.md(text)
        dots -= _FEWER


def trend(before: Sequence[Evaluation]) -> dg.MarkdownMetadataValue:
    """Return nDCG@10 over index versions as a picture; the last one is on the right."""
    oldest = before[::-1]
    scores = [one.ndcg_at_10 for one in oldest]
    versions = f"nDCG@10 of version {oldest[0].version} to {oldest[-1].version}"
    if len(oldest) == 1:
        versions = f"nDCG@10 of version {oldest[0].version}"
    text = f"{_image('nDCG over index versions', _trend_svg(scores))}\n\n{versions}"
    return dg.MetadataValue.md(text)


def _units(text: str) -> int:
    """Return the length as the browser counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _image(alt: str, svg: str) -> str:
    return f"![{alt}](data:image/svg+xml,{quote(svg, safe=_SAFE)})"


def _map_svg(found: VectorMap, dots: int) -> str:
    size = f"width='{_WIDTH * _SCALE}' viewBox='0 0 {_WIDTH} {_HEIGHT}' "
    look = "style='background:white' fill='none' stroke-width='2' stroke-linecap='round'>"
    return f"{_OPEN}{size}{look}{''.join(_paths(found, dots))}</svg>"


def _paths(found: VectorMap, dots: int) -> Iterator[str]:
    """Yield a path for each source, the small ones on top; a dot is a line of no length."""
    places = _places(found.points)
    for number, colour in enumerate(_colours(found)):
        own = places[found.group_of == number]
        some = max(1, round(dots * len(own) / len(places)))
        if len(own):
            yield f"<path stroke='{colour}' d='{_path(own[:: -(-len(own) // some)])}'/>"


def _path(cells: Cells) -> str:
    """Return a path through cells by short steps: the next one is near the one before."""
    x, y, steps = 0, 0, []
    for right, down in np.unique(cells, axis=0).tolist():
        step_x, step_y = right - x, down - y
        steps.append(f"m{step_x}{'' if step_y < 0 else ','}{step_y}h0")
        x, y = right, down
    return "".join(steps)


def _places(points: npt.NDArray[np.float32]) -> Cells:
    """Scale points to cells with one scale for both axes."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([_WIDTH - 4, _HEIGHT - 4])
    scale = (room / np.maximum(high - low, 1e-9)).min()
    middle = np.array([_WIDTH, _HEIGHT]) / 2
    return np.asarray(((points - (low + high) / 2) * scale + middle).round(), dtype=np.int64)


def _colours(found: VectorMap) -> list[str]:
    named = iter(_COLOURS)
    return [_GREY if name == OTHERS else next(named, _GREY) for name in found.groups]


def _legend(found: VectorMap) -> str:
    """Return the sources by their colours, as many as fit."""
    counts = np.bincount(found.group_of, minlength=len(found.groups)).tolist()
    shown = f"{len(found.points):,} of {found.rows:,} chunks"
    text = f"{shown}, two axes with {found.variance_share:.0%} of the scatter"
    for name, colour, count in zip(found.groups, _colours(found), counts, strict=True):
        part = f"\\\n**{colour}** {markdown(_short(visible(name)))} ({count:,})"
        if _units(text + part) > _LEGEND_CHARS:
            return f"{text}\\\n..."
        text += part
    return text


def _short(name: str) -> str:
    """Shorten a name to its end, which says more than its beginning."""
    return name if len(name) <= _NAME_CHARS else f"...{name[-_NAME_CHARS:]}"


def _trend_svg(scores: Sequence[float]) -> str:
    width, height = _TREND_WIDTH - 3 * _ROOM, _TREND_HEIGHT - 2 * _ROOM
    step = width / max(1, len(scores) - 1)
    places = [
        (round(_ROOM + step * number), round(_ROOM + height * (1 - score)))
        for number, score in enumerate(scores)
    ]
    line = "L".join(f"{x},{y}" for x, y in places)
    dots = "".join(f"M{x},{y}h0" for x, y in places)
    x, y = places[-1]
    size = f"width='{_TREND_WIDTH}' height='{_TREND_HEIGHT}' "
    return (
        f"{_OPEN}{size}style='background:white' font-family='sans-serif' font-size='12'>"
        f"<path stroke='silver' d='M0,{_ROOM}h999M0,{_ROOM + height}h999'/>"
        f"<text y='{_ROOM - 4}'>1</text><text y='{_ROOM + height - 4}'>0</text>"
        f"<path stroke='blue' fill='none' d='M{line}'/>"
        f"<path stroke='blue' stroke-width='6' stroke-linecap='round' d='{dots}'/>"
        f"<text x='{x + 6}' y='{y + 16}'>{scores[-1]:.3f}</text></svg>"
    )
