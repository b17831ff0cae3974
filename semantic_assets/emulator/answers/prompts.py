"""Generation requests: their text, their media, and their checks.

Used by batches and by real-time calls alike. Not here: where files are (`viewing.py`), and how
prompts are answered (`generation.py`).
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, sha256
from typing import Any

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.errors import InvalidRequest
from semantic_assets.emulator.media.media import Look

# The `uri` in the JSON of a File, or the name of the file.
_FILE_URI = re.compile(r"(?:.*/)?files/([a-z0-9-]+)")
# An object in Cloud Storage, for callers of the Agent Platform.
_GCS_URI = re.compile(r"gs://[^/]+/.+", re.DOTALL)
_UNKNOWN_TYPE = "application/octet-stream"

Request = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A media part: a file by its id, an object by its gs:// URI, or bytes."""

    mime_type: str | None
    #: or the whole URI of an object
    file_id: str | None = None
    data: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A media part with the description of what it shows."""

    sha256: str
    look: Look
    #: the row of its file; None: the bytes came with the request
    file: Mapping[str, Any] | None = None


#: raises InvalidRequest for an attachment that cannot be seen
See = Callable[[Attachment], Seen]


@dataclass(frozen=True)
class Prompt:
    """A valid generation request."""

    text: str
    instruction: str
    media: tuple[Seen, ...]
    config: Mapping[str, Any]

    @cached_property
    def tokens(self) -> Mapping[str, int]:
        """The number of tokens by modality."""
        counted: dict[str, int] = defaultdict(int)
        counted["TEXT"] = sum(tokens.count_all([self.text, self.instruction]))
        for seen in self.media:
            counted[seen.look.modality] += seen.look.tokens
        return {modality: count for modality, count in counted.items() if count}

    @property
    def token_count(self) -> int:
        """The number of tokens of all modalities."""
        return sum(self.tokens.values())

    @property
    def contents_sha(self) -> bytes:
        """The hash of the contents: files count by their bytes, as uploads have changing names."""
        return contents_sha(self.text, [seen.sha256 for seen in self.media])

    @property
    def identity(self) -> str:
        """An id that differs for another prompt, and not for the same one uploaded again."""
        return identity(self.contents_sha, self.instruction)


def contents_sha(text: str, media: list[str]) -> bytes:
    """Hash a text with the hashes of its media; a text alone has its own SHA-256."""
    written = "\0".join([text, *media])
    return sha256(written.encode("utf-8", "replace")).digest()


def identity(contents: bytes, instruction: str) -> str:
    """Hash contents and instruction into an id that ignores the form of the answer."""
    written = contents + instruction.encode("utf-8", "replace")
    return blake2b(written, digest_size=12).hexdigest()


def prompt_text(request: Request) -> str:
    """Return all text of the contents, oldest first; media parts have none."""
    return "\n\n".join(
        part["text"] for part in _parts(request) if isinstance(part.get("text"), str)
    )


def instruction(request: Request) -> str:
    """Return the text of the system instruction."""
    system = wire.field(request, "systemInstruction")
    return prompt_text({"contents": system}) if isinstance(system, dict) else ""


def _parts(request: Request) -> Iterator[Mapping[str, Any]]:
    contents = request.get("contents")
    for content in [contents] if isinstance(contents, dict) else contents or ():
        parts = content.get("parts") if isinstance(content, dict) else None
        yield from (part for part in parts or () if isinstance(part, dict))


def decode_prompt(request: Request, see: See) -> Prompt:
    """Decode and check one request.

    Raises:
        InvalidRequest: saying what is wrong with it.
    """
    parts = list(_parts(request))
    if not parts:
        raise InvalidRequest("* GenerateContentRequest.contents: contents is not specified\n")
    config = wire.field(request, "generationConfig")
    return Prompt(
        text=prompt_text(request),
        instruction=instruction(request),
        media=tuple(see(attachment) for part in parts for attachment in _attachments(part)),
        config=config if isinstance(config, dict) else {},
    )


def media_shas(request: Request, see: See) -> list[str]:
    """Return the hashes of the media, or none if one of them cannot be seen."""
    try:
        return [see(a).sha256 for part in _parts(request) for a in _attachments(part)]
    except InvalidRequest:
        return []


def _attachments(part: Mapping[str, Any]) -> Iterator[Attachment]:
    if named := wire.field(part, "fileData"):
        yield _file(named)
    if inline := wire.field(part, "inlineData"):
        yield _inline(inline)


def _file(named: Mapping[str, Any]) -> Attachment:
    uri = wire.field(named, "fileUri")
    if _GCS_URI.fullmatch(str(uri)):
        return Attachment(mime_type=wire.field(named, "mimeType"), file_id=str(uri))
    match = _FILE_URI.fullmatch(str(uri))
    if match is None:
        raise unsupported_uri(uri)
    return Attachment(mime_type=wire.field(named, "mimeType"), file_id=match[1])


def unsupported_uri(uri: object) -> InvalidRequest:
    """Return the refusal of a file that this service does not read."""
    return InvalidRequest(f"Invalid or unsupported file uri: {uri}")


def _inline(inline: Mapping[str, Any]) -> Attachment:
    # Both alphabets, with or without padding, as proto-JSON allows.
    encoded = str(inline.get("data", "")).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("Invalid value at 'inline_data.data': not base64.") from error
    return Attachment(mime_type=wire.field(inline, "mimeType") or _UNKNOWN_TYPE, data=data)
