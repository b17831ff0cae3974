"""Descriptions of WAV files and of AVI files of JPEG frames, second by second.

Not here: other formats of sound and film, of which only type and size are described.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from semantic_assets.emulator.media import pictures

#: seconds that are described
_MOST_SECONDS = 60
# The last three are what `wave` raises for numbers that make no sense.
_UNREADABLE_SOUND = (wave.Error, EOFError, ValueError, ZeroDivisionError, RuntimeError, OSError)
_SILENCE = 0.005
_SHORTEST_TONE = 0.1
_LOW_HERTZ, _HIGH_HERTZ = 300, 2000
_FRAME_START, _FRAME_END = b"\xff\xd8\xff", b"\xff\xd9"
# The length of the header comes between its name and its first number.
_HEADER = b"avih"
_USUAL_FRAME_SECONDS = 0.04

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Record:
    """The length of a recording, and sentences about what happens in it."""

    seconds: float
    sentences: tuple[str, ...]


def stamp(second: int) -> str:
    """Format a second as MM:SS."""
    return f"{second // 60:02d}:{second % 60:02d}"


def _lasting(what: str, seconds: float) -> str:
    rounded = round(seconds, 1)
    return f"The {what} lasts {rounded:g} second{'' if rounded == 1 else 's'}."


def listen(data: bytes) -> Record | None:
    """Describe the tones in a WAV file; None if it cannot be read."""
    try:
        with wave.open(BytesIO(data)) as sound:
            rate, width, channels = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
            # A header may announce more than there is.
            length = min(sound.getnframes(), len(data) // (width * channels))
            samples = _samples(sound.readframes(rate * _MOST_SECONDS), width, channels)
            seconds = length / rate
    except _UNREADABLE_SOUND:
        return None
    tones = [
        f"At {stamp(second)} {_tone(samples[start : start + rate], rate)}."
        for second, start in enumerate(range(0, len(samples), rate))
        if len(samples) - start >= _SHORTEST_TONE * rate
    ]
    return Record(seconds=seconds, sentences=(_lasting("recording", seconds), *tones))


def _samples(raw: bytes, width: int, channels: int) -> Samples:
    """Return the first channel, from -1 to 1."""
    whole = np.frombuffer(raw[: len(raw) // (width * channels) * width * channels], dtype=np.uint8)
    if width == 1:
        return (whole.astype(np.float64)[::channels] - 128) / 128
    # The two highest bytes of a sample are as much as an ear needs.
    highest = whole.reshape(-1, channels, width)[:, 0, -2:]
    return np.ascontiguousarray(highest).view("<i2")[:, 0].astype(np.float64) / 32768


def _tone(samples: Samples, rate: int) -> str:
    if np.sqrt(np.mean(samples**2)) < _SILENCE:
        return "there is silence"
    strengths = np.abs(np.fft.rfft(samples))
    strengths[0] = 0
    hertz = round(float(strengths.argmax()) * rate / len(samples))
    height = "low" if hertz < _LOW_HERTZ else "high" if hertz >= _HIGH_HERTZ else "middle"
    return f"a {height} tone of {hertz} hertz is heard"


def watch(data: bytes) -> Record | None:
    """Describe the frames of an AVI file; None if it holds no JPEG."""
    frames = list(_frames(data))
    if not frames:
        return None
    frame_seconds = _frame_seconds(data)
    seconds = len(frames) * frame_seconds
    shown = [
        f"At {stamp(second)} the picture shows {scene}."
        for second in range(min(_MOST_SECONDS, max(1, round(seconds))))
        if (scene := _scene(data, frames, round(second / frame_seconds)))
    ]
    return Record(seconds=seconds, sentences=(_lasting("video", seconds), *shown))


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each JPEG begins and ends; these bytes never occur inside one."""
    start = data.find(_FRAME_START)
    while start >= 0:
        end = data.find(_FRAME_END, start)
        if end < 0:
            return
        yield start, end + len(_FRAME_END)
        start = data.find(_FRAME_START, end)


def _frame_seconds(data: bytes) -> float:
    header = data.find(_HEADER)
    number = data[header + 8 : header + 12]
    microseconds = int.from_bytes(number, "little") if header >= 0 else 0
    return microseconds / 1e6 or _USUAL_FRAME_SECONDS


def _scene(data: bytes, frames: list[Any], number: int) -> str | None:
    start, end = frames[min(number, len(frames) - 1)]
    try:
        with Image.open(BytesIO(data[start:end])) as image:
            return pictures.scene(image)
    except (OSError, ValueError, SyntaxError):
        return None
