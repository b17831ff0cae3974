"""The search for the bytes of media parts, and the memory of what they show.

A job sees its files as they were when it was created, whatever became of them after it ended.
Not here: what bytes show (`media.py`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from typing import Any

from semantic_assets.emulator.answers.prompts import Attachment, See, Seen, unsupported_uri
from semantic_assets.emulator.http import files
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import Undecodable
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.media import media_objects, media_uses
from semantic_assets.emulator.media.media import Look, look_at
from semantic_assets.emulator.state import State

_File = Mapping[str, Any]


def of_caller(call: Call) -> See:
    """Return a function that sees the media the caller may read now.

    The Developer API reads uploaded files, the Agent Platform objects of Cloud Storage.
    """
    if not call.is_of_platform:
        return _viewer(call.state, lambda file_id: files.live_row(call, file_id), _is_file)
    return _viewer(call.state, lambda uri: media_objects.taken(call, uri), media_objects.is_object)


def _is_file(file_id: str) -> bool:
    return not media_objects.is_object(file_id)


def of_job(state: State, job: Job) -> See:
    """Return a function that sees the media a stored job may read."""

    @cache
    def readable() -> Mapping[str, _File]:
        with state.reading() as db:
            return media_uses.of_job(db, job.job_id)

    is_known = _is_file if job.output_prefix is None else media_objects.is_object
    return _viewer(state, lambda file_id: readable().get(file_id), is_known)


def _viewer(
    state: State,
    find: Callable[[str], _File | None],
    is_known: Callable[[str], bool],
) -> See:
    @cache
    def see_file(file_id: str, mime_type: str | None) -> Seen:
        if not is_known(file_id):
            raise unsupported_uri(file_id)
        file = find(file_id)
        if file is None:
            raise media_objects.unreadable(file_id)
        path, wanted = state.blob_path(file["blob"]), mime_type or file["mime_type"]
        try:
            look = _look(state, file["sha256"], wanted, path.read_bytes)
        except Undecodable as problem:
            raise Undecodable(file) from problem
        return Seen(sha256=file["sha256"], look=look, file=file)

    def see(attachment: Attachment) -> Seen:
        if attachment.file_id is not None:
            return see_file(attachment.file_id, attachment.mime_type)
        digest = sha256(attachment.data).hexdigest()
        mime_type = str(attachment.mime_type)
        return Seen(sha256=digest, look=_look(state, digest, mime_type, lambda: attachment.data))

    return see


def _look(state: State, digest: str, mime_type: str, read: Callable[[], bytes]) -> Look:
    with state.reading() as db:
        row = db.execute(
            "SELECT look FROM look WHERE sha256 = ? AND mime_type = ?", [digest, mime_type]
        ).fetchone()
    look = _store_look(state, digest, mime_type, read()) if row is None else _decoded(row["look"])
    if look is None:
        raise Undecodable
    return look


def _decoded(stored: str) -> Look | None:
    look = json.loads(stored)
    return Look(**{**look, "sentences": tuple(look["sentences"])}) if look else None


def _store_look(state: State, digest: str, mime_type: str, data: bytes) -> Look | None:
    look = look_at(data, mime_type)
    stored = json.dumps(asdict(look) if look else None)
    with state.reading() as db:
        db.execute("INSERT OR IGNORE INTO look VALUES (?, ?, ?)", [digest, mime_type, stored])
    return look
