"""A vector map as a picture in metadata.

Dagster's UI drops html and inline SVG from markdown, and shows images from data URIs; markdown of
more than 1,000 characters opens by a click.
"""

import base64
import math
from collections.abc import Iterator
from html import escape

import dagster as dg
import numpy as np
import numpy.typing as npt

from semantic_assets.pipeline.embeddings.vector_map import MAX_GROUPS, OTHERS, VectorMap
from semantic_assets.text.foreign import visible

_WIDTH, _HEIGHT, _MARGIN, _LEGEND = 760, 460, 14, 300
_PLOT = _WIDTH - _LEGEND
_COLOURS = (
    "#4e79a7",
    "#f28e2b",
    "#e15759",
    "#76b7b2",
    "#59a14f",
    "#edc948",
    "#b07aa1",
    "#9c755f",
    "#ff9da7",
)
_GREY = "#bab0ac"
_NAME_CHARS = 26
assert len(_COLOURS) == MAX_GROUPS


def picture(found: VectorMap) -> dg.MarkdownMetadataValue:
    """Return a map as a picture: points in their source's colour, and a legend with counts."""
    encoded = base64.b64encode(svg(found).encode()).decode()
    return dg.MetadataValue.md(f"![Map of the vectors](data:image/svg+xml;base64,{encoded})")


def svg(found: VectorMap) -> str:
    """Return the picture of a map as an SVG file."""
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
            f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">',
            # The page behind it may be dark.
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<g fill="none" stroke-width="{_dot(len(found.points))}" stroke-linecap="round" '
            'stroke-opacity=".7">',
            *_dots(found),
            "</g>",
            *_legend(found),
            "</svg>",
        ]
    )


def _dot(points: int) -> int:
    """Return the width of a point: a few must be visible, many must not hide each other."""
    return max(4, min(10, round(90 / math.sqrt(points))))


def _dots(found: VectorMap) -> Iterator[str]:
    """Yield a path for each source, the small ones on top: a point is a line of no length."""
    places = _places(found.points)
    for number, name in enumerate(found.groups):
        own = places[found.group_of == number].tolist()
        path = "".join(f"M{x} {y}h0" for x, y in own)
        yield f'<path stroke="{_colour(number, name)}" d="{path}"/>'


def _places(points: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Scale points to pixels with one scale for both axes: near is near in every direction."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([_PLOT, _HEIGHT]) - 2 * _MARGIN
    scale = (room / np.maximum(high - low, 1e-9)).min()
    middle = np.array([_PLOT, _HEIGHT]) / 2
    found = ((points - (low + high) / 2) * scale + middle).round()
    return np.asarray(found, dtype=np.int64)


def _legend(found: VectorMap) -> Iterator[str]:
    counts = np.bincount(found.group_of, minlength=len(found.groups)).tolist()
    for number, (name, count) in enumerate(zip(found.groups, counts, strict=True)):
        y = 80 + 24 * number
        yield f'<circle cx="{_PLOT + 12}" cy="{y - 4}" r="5" fill="{_colour(number, name)}"/>'
        yield f'<text x="{_PLOT + 26}" y="{y}">{escape(_short(visible(name)))} ({count:,})</text>'
    shown = f"{len(found.points):,} of {found.rows:,} chunks"
    yield f'<text x="{_PLOT + 6}" y="28" font-weight="bold">{shown}</text>'
    share = f"two main axes, {found.variance_share:.0%} of the scatter"
    yield f'<text x="{_PLOT + 6}" y="48" fill="#555">{share}</text>'


def _colour(number: int, name: str) -> str:
    return _GREY if name == OTHERS else _COLOURS[number]


def _short(name: str) -> str:
    """Shorten a name to its end, which says more than its beginning."""
    return name if len(name) <= _NAME_CHARS else f"...{name[-_NAME_CHARS:]}"
