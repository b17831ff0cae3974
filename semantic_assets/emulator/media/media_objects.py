"""Objects of Cloud Storage as media of requests to the Agent Platform.

What a job reads is copied when it is created; deleted before the job has ended, it is lost to it, as an
uploaded file is. Not here: what an object shows.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import FileNotReadable, InvalidRequest
from semantic_assets.emulator.media import media_uses
from semantic_assets.emulator.platform.objects import Buckets, parse_uri

_SCHEME = "gs://"
_NEVER = float("inf")
_COLUMNS = (
    *("file_id", "owner", "display_name", "mime_type", "size_bytes"),
    *("sha256", "blob", "created_at", "expires_at"),
)


def is_object(name: str) -> bool:
    """Tell the URI of an object from the id of an uploaded file."""
    return name.startswith(_SCHEME)


def unreadable(name: str) -> InvalidRequest:
    """Return the refusal of a medium that is not there, or that the service may not read."""
    if not is_object(name):
        return FileNotReadable(name)
    # Guess: the wording of live is not known.
    return InvalidRequest(f"The file {name} cannot be read or does not exist.")


def taken(call: Call, uri: str) -> Mapping[str, Any] | None:
    """Copy an object for the job that is being created, and return it as a file; None: no object."""
    bucket, key = parse_uri(uri)
    buckets = Buckets(call.state)
    found = buckets.find(bucket, key)
    if found is None:
        return None
    blob = call.state.store_blob(buckets.read(bucket, key, 0, found.size))
    with call.state.blob_path(blob).open("rb") as stored:
        digest = hashlib.file_digest(stored, "sha256").hexdigest()
    row = (uri, call.owner, None, "", found.size, digest, blob, call.now, _NEVER)
    marks = ", ".join("?" * len(row))
    query = f"INSERT INTO file ({', '.join(_COLUMNS)}) VALUES ({marks}) RETURNING *"
    with call.state.writing() as db:
        return dict(db.execute(query, row).fetchone())


def lose(db: sqlite3.Connection, uri: str, now: float) -> None:
    """Let the requests for a deleted object fail, in the jobs that have not ended."""
    for row in db.execute("SELECT sequence FROM file WHERE file_id = ?", [uri]).fetchall():
        media_uses.lose(db, row["sequence"], now)
