"""Names of documents that are handed over, and where they lie below the source root."""

import re
import unicodedata

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey

FOLDER = "_ingested"
SEGMENT_SUFFIX = ".segment.jsonl"
#: What a segment without documents holds: it stays, so that its dataset is not taken for unmounted.
EMPTY_SEGMENT = b"\n"
_SEGMENT = re.compile(rf"[^/]+/[^/]+/{FOLDER}/\d+{re.escape(SEGMENT_SUFFIX)}")
#: A file name may have 255 bytes; a temporary one has more than the name itself.
MAX_NAME_BYTES = 200


def checked_name(name: str) -> str:
    """The name in its composed form.

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
    """Whether a source file is a segment, whose records are documents under their own names."""
    return _SEGMENT.fullmatch(uri) is not None


def shown_uri(uri: str, record_id: str | None) -> str:
    """The uri of a document as people know it: in a segment its own name, not the segment's."""
    return f"{uri.rpartition('/')[0]}/{record_id}" if record_id and is_segment(uri) else uri
