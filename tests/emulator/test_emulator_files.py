"""Uploading, describing, listing, deleting and expiring files."""

import base64
import hashlib
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from google.genai import errors

_CHUNK_BYTES = 8 * 1024 * 1024  # what the SDK sends at once
_CHUNK = bytes(_CHUNK_BYTES)


def test_file_over_one_chunk_arrives_whole(emulator, client, tmp_path, ask):
    content = bytes(range(256)) * 4096 * 17 + b"tail"  # 17 MiB and a bit: three chunks
    path = tmp_path / "large.jsonl"
    path.write_bytes(content)
    uploaded = client.files.upload(
        file=path, config={"mime_type": "application/jsonl", "display_name": "large"}
    )
    digest = hashlib.sha256(content).hexdigest().encode()
    assert uploaded.size_bytes == len(content) > 2 * _CHUNK_BYTES
    assert base64.b64decode(uploaded.sha256_hash) == digest
    assert (uploaded.display_name, uploaded.state.value) == ("large", "ACTIVE")
    calls = ask(emulator, "/emulator/state")["calls"]
    assert (calls["files.upload.start"], calls["files.upload.chunk"]) == (1, 3)


def test_empty_file_can_be_uploaded(client, tmp_path):
    path = tmp_path / "empty"
    path.touch()
    uploaded = client.files.upload(file=path, config={"mime_type": "text/plain"})
    assert client.files.get(name=uploaded.name).size_bytes in (0, None)


def test_file_may_be_named_once(client, tmp_path):
    path = tmp_path / "named"
    path.write_text("x")
    config = {"mime_type": "text/plain", "name": "files/my-file-1"}
    assert client.files.upload(file=path, config=config).name == "files/my-file-1"
    with pytest.raises(errors.ClientError) as refused:
        client.files.upload(file=path, config=config)
    assert refused.value.code == 409


def test_files_are_listed_newest_first_in_pages(client, upload):
    names = [upload(client, "{}") for _ in range(5)]
    assert [f.name for f in client.files.list(config={"page_size": 2})] == names[::-1]


def test_deleted_file_looks_like_one_that_never_was(client, upload):
    name = upload(client, "{}")
    client.files.delete(name=name)
    for missing in (name, "files/neverwas"):
        with pytest.raises(errors.ClientError) as refused:
            client.files.get(name=missing)
        assert (refused.value.code, refused.value.status) == (403, "PERMISSION_DENIED")


def test_file_expires_after_48_hours(client, upload, advance):
    name = upload(client, "{}")
    advance(48 * 3600 - 60)
    assert client.files.get(name=name).name == name
    advance(61)
    with pytest.raises(errors.ClientError, match="PERMISSION_DENIED"):
        client.files.get(name=name)
    assert list(client.files.list()) == []


def test_batch_of_an_expired_file_is_refused(client, upload, embed_line, create, advance):
    name = upload(client, embed_line("a", "one"))
    advance(48 * 3600 + 1)
    with (
        pytest.warns(errors.ExperimentalWarning),
        pytest.raises(errors.ClientError, match="PERMISSION_DENIED"),
    ):
        create(client, name)


def test_uploaded_file_cannot_be_downloaded(client, upload):
    with pytest.raises(errors.ClientError, match="cannot be downloaded"):
        client.files.download(file=upload(client, "{}"))


def _post(url, body=b"", **headers):
    request = Request(url, data=body, headers=headers, method="POST")
    try:
        reply = urlopen(request, timeout=10)
    except HTTPError as refused:
        reply = refused
    with reply:
        return reply.status, reply.headers


def _start(emulator):
    _, headers = _post(
        f"{emulator.base_url}/upload/v1beta/files",
        **{
            "x-goog-api-key": "k",
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
        },
    )
    return headers["X-Goog-Upload-URL"]


def _send(url, body, command, offset):
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
    return _post(url, body, **headers)


def test_upload_url_is_on_the_own_host_and_needs_no_key(emulator):
    url = _start(emulator)
    assert url.startswith(f"{emulator.base_url}/upload/v1beta/files?upload_id=")
    status, headers = _send(url, b"abc", "upload, finalize", 0)
    assert (status, headers["X-Goog-Upload-Status"]) == (200, "final")


def test_query_tells_how_much_arrived(emulator):
    url = _start(emulator)
    _send(url, _CHUNK, "upload", 0)
    _, headers = _post(url, **{"X-Goog-Upload-Command": "query"})
    assert (headers["X-Goog-Upload-Status"], headers["X-Goog-Upload-Size-Received"]) == (
        "active",
        str(_CHUNK_BYTES),
    )


def test_chunk_at_a_wrong_offset_is_refused_with_a_final_status(emulator):
    url = _start(emulator)
    _send(url, _CHUNK, "upload", 0)
    for offset in (0, _CHUNK_BYTES - 1, _CHUNK_BYTES + 1):
        status, headers = _send(url, _CHUNK, "upload", offset)
        assert (status, headers["X-Goog-Upload-Status"]) == (400, "final")
    assert _send(url, b"def", "upload, finalize", _CHUNK_BYTES)[0] == 200


def test_unknown_upload_is_refused_with_a_final_status(emulator):
    url = f"{emulator.base_url}/upload/v1/files?upload_id=nonsense"
    status, headers = _send(url, b"abc", "upload", 0)
    assert (status, headers["X-Goog-Upload-Status"]) == (404, "final")


def test_a_chunk_before_the_last_is_a_multiple_of_the_granularity(emulator):
    url = _start(emulator)
    assert _send(url, b"abc", "upload", 0)[0] == 400
    assert _send(url, b"abc", "upload, finalize", 0)[0] == 200


def test_upload_starts_with_an_empty_body_and_the_headers_of_the_service(emulator):
    request = Request(
        f"{emulator.base_url}/upload/v1beta/files",
        data=b"",
        headers={
            **{"x-goog-api-key": "k", "X-Goog-Upload-Protocol": "resumable"},
            "X-Goog-Upload-Command": "start",
        },
    )
    with urlopen(request, timeout=10) as reply:
        assert reply.read() == b""
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert reply.headers["Content-Length"] == "0"
        assert reply.headers["X-Goog-Upload-Chunk-Granularity"] == "8388608"
        assert reply.headers["X-Goog-Upload-Control-URL"] == reply.headers["X-Goog-Upload-URL"]
