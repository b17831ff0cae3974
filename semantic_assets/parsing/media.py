"""Images, audio and video files: their types, hashes and token estimates. A task describes them.

Suffixes and MIME types are those that Google's guides list for the Files API.
"""

import wave
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.records import SourceRecord, Unreadable, Untranscribed

MEDIA: dict[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".wav": "audio/wav",
    ".mp3": "audio/mp3",
    ".aiff": "audio/aiff",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpg",
    ".mov": "video/mov",
    ".avi": "video/avi",
    ".webm": "video/webm",
    ".wmv": "video/wmv",
    ".3gp": "video/3gpp",
}
PDF = "application/pdf"
#: Metadata of a PDF without text: the number of its pages, by which its tokens are estimated.
PAGE_COUNT = "page_count"
#: The limit of the Files API (its guide, mid-2026).
MAX_MEDIA_BYTES = 2 << 30

# Tokens, by the guides of 2026: an image 258 (larger ones are tiled: up to four), a second of
# audio 32, a second of video 263 and its sound. Unknown lengths are estimated from the size.
_IMAGE_TOKENS, _AUDIO_TOKENS, _VIDEO_TOKENS = 1_032, 32, 295
_PDF_PAGE_TOKENS = 258
#: The limits of PDFs (Google's guide to documents, mid-2026).
_MAX_PDF_PAGES, _MAX_PDF_BYTES = 1_000, 50 << 20
_AUDIO_BYTES_PER_SECOND, _VIDEO_BYTES_PER_SECOND = 16_000, 60_000


def read_media(stream: BinaryIO, mime: str, title: str, size: int) -> SourceRecord:
    """Return the record of a media file, which has no text; its signature is its bytes' hash.

    Raises:
        Unreadable: it is too large to upload.
    """
    if size > MAX_MEDIA_BYTES:
        raise Unreadable(f"it is over {MAX_MEDIA_BYTES >> 30} GB, which Google takes: split it")
    return _undescribed(stream, mime, title, size)


def scanned_pdf(stream: BinaryIO, scan: Untranscribed, title: str, size: int) -> SourceRecord:
    """Return the record of a PDF whose pages are pictures; its error says so.

    Raises:
        Unreadable: it has more pages than Google reads.
    """
    if scan.pages > _MAX_PDF_PAGES or size > _MAX_PDF_BYTES:
        raise Unreadable(
            f"{scan}; Google reads PDFs of up to {_MAX_PDF_PAGES:,} pages and 50 MB: split it"
        ) from scan
    record = _undescribed(stream, PDF, title, size)
    return replace(record, metadata={PAGE_COUNT: str(scan.pages)}, parse_error=str(scan))


def _undescribed(stream: BinaryIO, mime: str, title: str, size: int) -> SourceRecord:
    return SourceRecord(
        record_id=None,
        title=title,
        text="",
        mime=mime,
        bytes=size,
        metadata={},
        pages=(),
        parse_status=ParseStatus.PENDING_DESCRIPTION,
        parse_error=None,
        is_title_shown_only=True,
        signature=_digest(stream),
    )


def media_hash(path: Path) -> str:
    """Return the hash of a file's bytes, as `record_signature` stores it.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return _digest(stream)


def _digest(stream: BinaryIO) -> str:
    digest = blake2b(digest_size=16)
    stream.seek(0)
    while piece := stream.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def media_tokens(path: Path, mime: str, size: int, pages: int = 1) -> int:
    """Estimate the tokens the model will count for a file, erring upwards.

    Args:
        pages: of a PDF.
    """
    if mime == PDF:
        return image_tokens(pages)
    kind = mime.partition("/")[0]
    if kind == "image":
        return _IMAGE_TOKENS
    if kind == "audio":
        return int((_wave_seconds(path) or size / _AUDIO_BYTES_PER_SECOND) + 1) * _AUDIO_TOKENS
    return int(size / _VIDEO_BYTES_PER_SECOND + 1) * _VIDEO_TOKENS


def image_tokens(pages: int) -> int:
    """Return the tokens of so many scanned pages, or small pictures."""
    return pages * _PDF_PAGE_TOKENS


def _wave_seconds(path: Path) -> float | None:
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        return None
