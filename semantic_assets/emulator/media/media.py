"""Descriptions of files as English sentences, and their token counts.

Both depend on a file's bytes and type only. Not here: which part of a request names which file
(`prompts.py`), and how colours and tones are told apart (`pictures.py`, `recordings.py`).
"""

import math
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from semantic_assets.emulator.media import pictures, recordings

# Google's docs: a small picture, a second of sound, a second of film with sound.
IMAGE_TOKENS = 258
AUDIO_TOKENS_PER_SECOND = 32
VIDEO_TOKENS_PER_SECOND = 295
# A number of our own, for files that cannot be read.
_BYTES_PER_TOKEN = 500
_MODALITIES = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO", "text": "TEXT"}
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The things seen or heard in a file."""

    modality: str
    tokens: int
    #: those that begin "At MM:SS" belong to that second
    sentences: tuple[str, ...]


def look_at(data: bytes, mime_type: str) -> Look | None:
    """Describe what those bytes show; None for a picture that cannot be decoded."""
    if mime_type.startswith("image/"):
        return _look_at_image(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        heard = recordings.listen(data)
        if heard is not None:
            return _timed("AUDIO", AUDIO_TOKENS_PER_SECOND, heard)
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        watched = recordings.watch(data)
        if watched is not None:
            return _timed("VIDEO", VIDEO_TOKENS_PER_SECOND, watched)
    return _unread(data, mime_type)


def _look_at_image(data: bytes) -> Look | None:
    try:
        with Image.open(BytesIO(data)) as image:
            sentences = pictures.described(image)
    except _UNREADABLE:
        return None
    return Look(modality="IMAGE", tokens=IMAGE_TOKENS, sentences=sentences)


def _timed(modality: str, tokens_per_second: int, record: recordings.Record) -> Look:
    tokens = math.ceil(record.seconds * tokens_per_second)
    return Look(modality=modality, tokens=tokens, sentences=record.sentences)


def _unread(data: bytes, mime_type: str) -> Look:
    modality = _MODALITIES.get(mime_type.split("/")[0], "DOCUMENT")
    sentence = f"The file is of type {mime_type} and has {len(data)} bytes."
    tokens = math.ceil(len(data) / _BYTES_PER_TOKEN)
    return Look(modality=modality, tokens=tokens, sentences=(sentence,))
