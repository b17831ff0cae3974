"""Uploaded files: describe, list, delete, and let a batch read them.

A file lives 48 h and belongs to one key. Its bytes outlive it in the state directory.
Not here: how the bytes arrive, and result files (`batches.py`).
"""

import base64
import hashlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import file_not_accessible, invalid_argument
from semantic_assets.emulator.jobs import jobs
from semantic_assets.emulator.media import media_uses

# Free of charge, gone after 48 h (Google's docs).
LIFETIME_SECONDS = 48 * 3600.0
# Result files are called batch-<36 characters>, and live refuses to delete them, and only that
# (comment of 2026-09-11 in python-genai 1759).
_LONGEST_ID = 40
# Page sizes from the files guide (Google's docs).
_DEFAULT_PAGE, _LARGEST_PAGE = 10, 100

_ALIVE = "deleted_at IS NULL AND expires_at > :now"


def exists(db: sqlite3.Connection, file_id: str, *, now: float) -> bool:
    """Return whether any key has a live file of this id."""
    query = f"SELECT 1 FROM file WHERE file_id = :file_id AND {_ALIVE}"
    return db.execute(query, {"file_id": file_id, "now": now}).fetchone() is not None


def add(call: Call, upload: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Turn a finished upload into a file and return its description."""
    with path.open("rb") as stored:
        digest = hashlib.file_digest(stored, "sha256").hexdigest()
    row = {
        "file_id": upload["file_id"],
        "owner": upload["owner"],
        "display_name": upload["display_name"],
        "mime_type": upload["mime_type"],
        "size_bytes": path.stat().st_size,
        "sha256": digest,
        "blob": path.name,
        "created_at": call.now,
        "expires_at": call.now + LIFETIME_SECONDS,
    }
    with call.state.writing() as db:
        db.execute(
            f"INSERT INTO file ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})",
            row,
        )
    return described(call, row)


def find(call: Call, file_id: str) -> dict[str, Any]:
    """Return the caller's live file of that id.

    Raises:
        GoogleError: 403 for anything else.
    """
    row = live_row(call, file_id)
    if row is None:
        raise file_not_accessible(file_id)
    return row


def live_row(call: Call, file_id: str) -> dict[str, Any] | None:
    """Return the caller's live file of that id, or None."""
    with call.state.reading() as db:
        row = db.execute(
            f"SELECT * FROM file WHERE file_id = :file_id AND owner = :owner AND {_ALIVE}",
            {"file_id": file_id, "owner": call.owner, "now": call.now},
        ).fetchone()
    return None if row is None else dict(row)


def get(call: Call) -> dict[str, Any]:
    """Return the description of an uploaded file (files.get)."""
    return described(call, find(call, call.path["file_id"]))


def delete(call: Call) -> dict[str, Any]:
    """Delete a file (files.delete); its bytes stay, as evidence and for batches made of them.

    Batches not yet ended that are made of it end FAILED, and requests of them that name it as media
    are lost (guess: live is not known).
    """
    if len(call.path["file_id"]) > _LONGEST_ID:
        raise invalid_argument(
            "* DeleteFileRequest.name: File ID cannot be more than 40 characters.\n"
        )
    row = find(call, call.path["file_id"])
    with call.state.writing() as db:
        db.execute("UPDATE file SET deleted_at = ? WHERE sequence = ?", [call.now, row["sequence"]])
        media_uses.lose(db, row["sequence"], call.now)
        jobs.lose_input(db, row["blob"], file_not_accessible(row["file_id"]).message, call.now)
    return {}


def list_page(call: Call) -> dict[str, Any]:
    """List a page of files, newest first (files.list); result files are not in it (guess)."""
    wire.require_parameters(call.query, "pageSize", "pageToken")
    size = wire.page_size(call.query.get("pageSize"), default=_DEFAULT_PAGE, limit=_LARGEST_PAGE)
    before = wire.decode_page_token(call.query.get("pageToken"))
    with call.state.reading() as db:
        rows = db.execute(
            f"SELECT * FROM file WHERE owner = :owner AND {_ALIVE}"
            " AND (:before IS NULL OR sequence < :before) ORDER BY sequence DESC LIMIT :limit",
            {"owner": call.owner, "now": call.now, "before": before, "limit": size + 1},
        ).fetchall()
    page: dict[str, Any] = {}
    if rows:
        page["files"] = [described(call, dict(row)) for row in rows[:size]]
    # A token is given only when more follows: the SDK breaks on an empty page.
    if len(rows) > size:
        page["nextPageToken"] = wire.page_token(rows[size - 1]["sequence"])
    return page


def described(call: Call, row: Mapping[str, Any], *, source: str = "UPLOADED") -> dict[str, Any]:
    """Return the description of a file; a GENERATED one can be downloaded."""
    name = f"files/{row['file_id']}"
    shown = {
        "name": name,
        "mimeType": row["mime_type"],
        "sizeBytes": str(row["size_bytes"]),
        "createTime": wire.timestamp(row["created_at"]),
        "updateTime": wire.timestamp(row["created_at"]),
        "expirationTime": wire.timestamp(row["expires_at"]),
        # Base64 of the hexadecimal digits, as live does it (Google's docs).
        "sha256Hash": base64.b64encode(row["sha256"].encode()).decode(),
        "uri": f"{call.base_url}/{call.version}/{name}",
        "state": "ACTIVE",
        "source": source,
    }
    if source != "UPLOADED":
        shown["downloadUri"] = f"{shown['uri']}:download?alt=media"
    if row["display_name"]:
        shown["displayName"] = row["display_name"]
    return shown
