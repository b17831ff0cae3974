"""Descriptions of pictures: one shape on a background, named by colour.

Enough to tell drawn test pictures apart; of a photograph they say little. Not here: file formats,
which Pillow reads.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

# Enough to tell shapes apart, and every picture costs about the same.
_LARGEST_SIDE = 128
# A colour with a smaller share of the picture is not named.
_LEAST_SHARE = 0.02
_MOST_COLOURS = 4
_COLOURS = (
    *("black", "white", "grey", "pink", "brown", "red"),
    *("orange", "yellow", "green", "cyan", "blue", "purple"),
)
# How much of its bounding box a filled shape covers.
_SHAPES = (("square", 0.93, 1.01), ("circle", 0.7, 0.87), ("triangle", 0.4, 0.62))
_ONE_STRIPE = 3

Mask = npt.NDArray[np.bool_]


def described(image: Image.Image) -> tuple[str, ...]:
    """Return sentences about a picture."""
    width, height = image.size
    names = _colour_names(image)
    return (
        f"The picture shows {_scene(names)}.",
        f"Its main colours are {_listed(_main_colours(names))}.",
        f"It is {width} pixels wide and {height} high.",
    )


def scene(image: Image.Image) -> str:
    """Return the scene of a picture as half a sentence."""
    return _scene(_colour_names(image))


def _scene(names: npt.NDArray[np.intp]) -> str:
    border = np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]])
    background = _most_common(border)
    foreground = names[names != background]
    if foreground.size < _LEAST_SHARE * names.size:
        return f"nothing but {_COLOURS[background]}"
    colour = _most_common(foreground)
    figure = f"{_COLOURS[colour]} {_shape(names == colour)}"
    return f"{_with_article(figure)} on {_with_article(_COLOURS[background])} background"


def _with_article(figure: str) -> str:
    if figure.endswith("stripes"):
        return figure
    return f"an {figure}" if figure[0] in "aeiou" else f"a {figure}"


def _most_common(names: npt.NDArray[np.intp]) -> int:
    return int(np.bincount(names.ravel(), minlength=len(_COLOURS)).argmax())


def _main_colours(names: npt.NDArray[np.intp]) -> list[str]:
    counts = np.bincount(names.ravel(), minlength=len(_COLOURS))
    most = np.argsort(-counts, kind="stable")[:_MOST_COLOURS]
    return [_COLOURS[n] for n in most if counts[n] >= _LEAST_SHARE * names.size]


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _colour_names(image: Image.Image) -> npt.NDArray[np.intp]:
    """Return the number of the colour of each pixel."""
    small = _flattened(image)
    parts = np.asarray(small.convert("HSV"), dtype=np.float64) / 255
    hue, saturation, value = parts[..., 0] * 360, parts[..., 1], parts[..., 2]
    is_reddish = (hue < 45) | (hue >= 345)
    is_grey = saturation < 0.15
    is_dull = ((hue >= 15) & (value < 0.72)) | ((value < 0.82) & (saturation < 0.95))
    rules = [
        value < 0.2,
        is_grey & (value > 0.85),
        is_grey,
        (is_reddish & (saturation < 0.5) & (value > 0.8)) | ((hue >= 312) & (hue < 345)),
        is_reddish & is_dull,
        is_reddish & ((hue < 15) | (hue >= 345)),
        hue < 45,
        hue < 70,
        hue < 165,
        hue < 200,
        hue < 258,
    ]
    return np.select(rules, list(range(len(rules))), default=_COLOURS.index("purple"))


def _flattened(image: Image.Image) -> Image.Image:
    """Return a small copy on white paper."""
    longest = max(image.size)
    share = min(1.0, _LARGEST_SIDE / longest)
    width, height = (max(1, round(side * share)) for side in image.size)
    # A palette has to be looked up before anything is laid on paper; the few pixels are cheap.
    copy = image.resize((width, height), Image.Resampling.NEAREST).convert("RGBA")
    paper = Image.new("RGBA", copy.size, "white")
    return Image.alpha_composite(paper, copy).convert("RGB")


def _shape(mask: Mask) -> str:
    if _is_striped(mask) or _is_striped(mask.T):
        return "stripes"
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    filled = box.mean()
    found = next((name for name, low, high in _SHAPES if low <= filled < high), "shape")
    is_oblong = not 0.8 < box.shape[0] / box.shape[1] < 1.25
    return "rectangle" if found == "square" and is_oblong else found


def _is_striped(mask: Mask) -> bool:
    """Return whether every row is of one colour, and the colour comes back."""
    shares = mask.mean(axis=1)
    if ((shares > 0.15) & (shares < 0.85)).any():
        return False
    return int(np.count_nonzero(np.diff((shares > 0.5).astype(np.int8)))) >= _ONE_STRIPE
