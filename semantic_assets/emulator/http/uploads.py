"""The resumable upload protocol (seen on the wire).

A chunk is authorised by the upload id in its URL and by nothing else. Not here: files that are
complete.
"""

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from semantic_assets.emulator.http import files, wire
from semantic_assets.emulator.http.calls import Call, WithHeaders
from semantic_assets.emulator.http.errors import GoogleError, invalid_argument

# An error that said `active` would make the SDK go on with the next chunk.
ERROR_HEADERS = {"X-Goog-Upload-Status": "final"}
_ACTIVE = "active"
_FINAL = "final"

# 2 GB per input file (Google's docs).
_LARGEST_FILE_BYTES = 2 * 1024**3
# A chunk before the last is a multiple of this (live header, three captures).
_GRANULARITY = 8 * 1024**2
_FILE_NAME = re.compile(r"files/([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)")
_ID_LETTERS = string.ascii_lowercase + string.digits


def start(call: Call) -> WithHeaders:
    """Open an upload and return a URL for its chunks on this host: the SDK posts there verbatim.

    The answer has headers and no body (live, three captures).
    """
    if call.headers.get("x-goog-upload-protocol") != "resumable":
        raise invalid_argument("Only the resumable upload protocol is served here.")
    if call.headers.get("x-goog-upload-command") != "start":
        raise invalid_argument("The first command of an upload must be start.")
    _check_size(call)
    described = wire.message_field(call.message(), "file")
    upload_id = secrets.token_urlsafe(48)
    row = _described_file(call, described)
    with call.state.writing() as db:
        if files.exists(db, row["file_id"], now=call.now):
            raise GoogleError(409, "Requested entity already exists")
        db.execute(
            "INSERT INTO upload (upload_id, owner, file_id, display_name, mime_type)"
            " VALUES (:upload_id, :owner, :file_id, :display_name, :mime_type)",
            {"upload_id": upload_id, **row},
        )
    return WithHeaders(message=None, headers=_upload_headers(call, upload_id))


def _check_size(call: Call) -> None:
    declared = call.headers.get("x-goog-upload-header-content-length", "0")
    if declared.isdigit() and int(declared) > _LARGEST_FILE_BYTES:
        raise invalid_argument(f"File size exceeds the limit: {_LARGEST_FILE_BYTES} bytes.")


def _described_file(call: Call, described: Mapping[str, Any]) -> dict[str, Any]:
    mime_type = wire.field(described, "mimeType")
    return {
        "owner": call.owner,
        "file_id": _file_id(wire.field(described, "name")),
        "display_name": wire.field(described, "displayName"),
        "mime_type": mime_type
        or call.headers.get("x-goog-upload-header-content-type")
        or "application/octet-stream",
    }


def _file_id(name: Any) -> str:
    if not name:
        return "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
    if not isinstance(name, str) or not (match := _FILE_NAME.fullmatch(name)):
        raise invalid_argument(
            "* CreateFileRequest.file.name: File ID must be lowercase alphanumeric or dashes, "
            "cannot begin or end with a dash and cannot be more than 40 characters."
        )
    return match[1]


def _upload_headers(call: Call, upload_id: str) -> dict[str, str]:
    url = f"{call.base_url}/upload/{call.version}/files?upload_id={upload_id}"
    return {
        "X-Goog-Upload-URL": f"{url}&upload_protocol=resumable",
        "X-Goog-Upload-Status": _ACTIVE,
        "X-Goog-Upload-Control-URL": f"{url}&upload_protocol=resumable",
        "X-Goog-Upload-Chunk-Granularity": str(_GRANULARITY),
        "X-GUploader-UploadID": upload_id,
        "Server": "UploadServer",
    }


def send(call: Call) -> WithHeaders:
    """Take a chunk, answer a query, or finish the upload."""
    upload = _find_upload(call)
    commands = {word.strip() for word in call.headers.get("x-goog-upload-command", "").split(",")}
    if commands == {"query"}:
        return _progress(upload["received_bytes"], is_final=bool(upload["is_final"]))
    if not commands or not commands <= {"upload", "finalize"}:
        raise invalid_argument("Unknown X-Goog-Upload-Command.")
    if upload["is_final"]:
        raise invalid_argument("Upload has already been finalized.")
    received = upload["received_bytes"]
    if "upload" in commands:
        if "finalize" not in commands and len(call.body) % _GRANULARITY:
            raise invalid_argument(
                f"A chunk of {len(call.body)} bytes before the last: multiples of {_GRANULARITY}."
            )
        received = _store_chunk(call, upload)
    if "finalize" not in commands:
        return _progress(received, is_final=False)
    return WithHeaders(
        message={"file": _finish(call, upload, received)},
        headers={"X-Goog-Upload-Status": _FINAL},
    )


def _find_upload(call: Call) -> dict[str, Any]:
    with call.state.reading() as db:
        row = db.execute(
            "SELECT * FROM upload WHERE upload_id = ?", [call.query["upload_id"]]
        ).fetchone()
    if row is None:
        raise GoogleError(404, "Upload not found.")
    return dict(row)


def _progress(received: int, *, is_final: bool) -> WithHeaders:
    status = _FINAL if is_final else _ACTIVE
    headers = {"X-Goog-Upload-Status": status, "X-Goog-Upload-Size-Received": str(received)}
    return WithHeaders(message={}, headers=headers)


def _store_chunk(call: Call, upload: Mapping[str, Any]) -> int:
    """Add a chunk at the offset it names; only the next one fits (guess: live is not known)."""
    offset, received = call.headers.get("x-goog-upload-offset", ""), upload["received_bytes"]
    if offset != str(received):
        raise invalid_argument(
            f"Upload offset {offset!r} does not match {received} bytes received."
        )
    with call.state.writing() as db:
        moved = db.execute(
            "UPDATE upload SET received_bytes = received_bytes + ?"
            " WHERE upload_id = ? AND received_bytes = ? RETURNING received_bytes",
            [len(call.body), upload["upload_id"], received],
        ).fetchone()
        if moved is None:
            raise invalid_argument("Another chunk of this upload arrived at the same time.")
        call.state.write_part(_blob_of(upload), received, call.body)
    return int(moved["received_bytes"])


def _blob_of(upload: Mapping[str, Any]) -> str:
    return f"upload-{upload['upload_id']}"


def _finish(call: Call, upload: Mapping[str, Any], size_bytes: int) -> dict[str, Any]:
    declared = call.headers.get("x-goog-upload-header-content-length", str(size_bytes))
    if declared != str(size_bytes):
        raise invalid_argument(f"Received {size_bytes} bytes of the {declared} announced.")
    with call.state.writing() as db:
        finished = db.execute(
            "UPDATE upload SET is_final = 1 WHERE upload_id = ? AND is_final = 0 RETURNING 1",
            [upload["upload_id"]],
        ).fetchone()
        if finished is None:
            raise invalid_argument("Upload has already been finalized.")
        if not size_bytes:
            call.state.write_part(_blob_of(upload), 0, b"")
        path = call.state.seal_part(_blob_of(upload))
    return files.add(call, upload, path)
