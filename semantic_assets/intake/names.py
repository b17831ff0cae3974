"""Names of documents that are passed in, and their places below the source root."""

import re
import unicodedata

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import INGESTED, DatasetKey

FOLDER = INGESTED
SEGMENT_SUFFIX = ".segment.jsonl"
#: Content of a segment without documents, which stays so that its dataset does not look unmounted.
EMPTY_SEGMENT = b"\n"
_SEGMENT = re.compile(rf"[^/]+/[^/]+/{FOLDER}/\d+{re.escape(SEGMENT_SUFFIX)}")
#: A file name may have 255 bytes; a temporary one has more than the name itself.
MAX_NAME_BYTES = 200


def checked_name(name: str) -> str:
    """Return the name in its composed form (NFC).

    Raises:
        ConfigError: it could lead out of its folder, hide a file or hide itself in a terminal.
    """
    composed = unicodedata.normalize("NFC", name)
    reason = _trouble(composed)
    if reason is not None:
        raise ConfigError(f"document name {name[:MAX_NAME_BYTES]!r} {reason}")
    return composed


def _trouble(name: str) -> str | None:
    if not name.strip():
        return "is empty: name the document"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name):
        return "holds control or invisible characters: take them out"
    if "/" in name or "\\" in name:
        return "holds a slash: give the name of the file alone"
    if name[0] in ". " or name[-1] in ". ":
        return "begins or ends with a dot or a blank: take it off"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"has more than {MAX_NAME_BYTES} bytes: shorten it"
    if name.lower().endswith(SEGMENT_SUFFIX):
        return f"ends with {SEGMENT_SUFFIX}, which is kept for the store's own files: rename it"
    return None


def folder_uri(dataset: DatasetKey) -> str:
    return f"{dataset.project}/{dataset.dataset}/{FOLDER}"


def is_segment(uri: str) -> bool:
    """Return whether a source file is a segment, whose records are separate documents."""
    return _SEGMENT.fullmatch(uri) is not None


def shown_uri(uri: str, record_id: str | None) -> str:
    """Return a document's uri for people: in a segment the document's name, not the segment's."""
    return f"{uri.rpartition('/')[0]}/{record_id}" if record_id and is_segment(uri) else uri
