"""Pictures, sounds and films drawn on the spot, which the emulator can tell apart.

    png("red", "circle", "white")               -> "a red circle on a white background"
    wav([220, 0, 3000])                         -> a low tone, silence, a high tone; a second each
    avi([("red", "circle", "white"), ...])      -> a second each

Colours are Pillow's names for black, white, grey, red, orange, yellow, green, cyan, blue, purple,
pink and brown. Shapes are circle, square, triangle and stripes.
"""

import struct
import wave
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "triangle", "stripes")
COLOURS = (
    *("black", "white", "grey", "red", "orange", "yellow"),
    *("green", "cyan", "blue", "purple", "pink", "brown"),
)
_RATE = 8000
_FRAMES_PER_SECOND = 2


def picture(color: str, shape: str, background: str, size: int = 64) -> Image.Image:
    """A shape in the middle of a square picture."""
    image = Image.new("RGB", (size, size), background)
    draw = ImageDraw.Draw(image)
    low, high = size // 4, size - size // 4 - 1
    if shape == "circle":
        draw.ellipse((low, low, high, high), fill=color)
    elif shape == "square":
        draw.rectangle((low, low, high, high), fill=color)
    elif shape == "triangle":
        draw.polygon([(low, high), (high, high), (size / 2, low)], fill=color)
    elif shape == "stripes":
        for top in range(size // 8, size, size // 4):
            draw.rectangle((0, top, size, top + size // 10 - 1), fill=color)
    else:
        raise ValueError(f"No shape is called {shape!r}.")
    return image


def encoded(image: Image.Image, form: str) -> bytes:
    """A picture as PNG, JPEG, WebP or GIF."""
    out = BytesIO()
    image.save(out, form, quality=95, subsampling=0)
    return out.getvalue()


def png(color: str, shape: str, background: str, size: int = 64) -> bytes:
    """A picture as PNG."""
    return encoded(picture(color, shape, background, size), "PNG")


def wav(hertz: Sequence[int]) -> bytes:
    """A tone for each second; 0 is silence."""
    time = np.arange(_RATE) / _RATE
    waves = [np.sin(2 * np.pi * each * time) for each in hertz]
    samples = (np.concatenate(waves) * 16_000).astype("<i2")
    out = BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(samples.tobytes())
    return out.getvalue()


def avi(scenes: Sequence[tuple[str, str, str]], size: int = 64) -> bytes:
    """A film of JPEG frames: for each second a colour, a shape and a background."""
    frames = [
        encoded(picture(*scene, size), "JPEG")
        for scene in scenes
        for _ in range(_FRAMES_PER_SECOND)
    ]
    headers = _list(
        b"hdrl", _chunk(b"avih", _main_header(len(frames), size)) + _stream(frames, size)
    )
    movie = _list(b"movi", b"".join(_chunk(b"00dc", frame) for frame in frames))
    return _chunk(b"RIFF", b"AVI " + headers + movie)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", name + data)


def _main_header(frame_count: int, size: int) -> bytes:
    microseconds = 1_000_000 // _FRAMES_PER_SECOND
    return struct.pack("<14I", microseconds, 0, 0, 0, frame_count, 0, 1, 0, size, size, 0, 0, 0, 0)


def _stream(frames: Sequence[bytes], size: int) -> bytes:
    header = struct.pack(
        "<4s4sIHHIIIIIIII4H",
        *(b"vids", b"MJPG", 0, 0, 0, 0, 1, _FRAMES_PER_SECOND, 0, len(frames)),
        *(max(map(len, frames)), 0, 0, 0, 0, size, size),
    )
    form = struct.pack("<IiiHH4sIiiII", 40, size, size, 1, 24, b"MJPG", size * size * 3, 0, 0, 0, 0)
    return _list(b"strl", _chunk(b"strh", header) + _chunk(b"strf", form))
