"""Objects over HTTP, in the XML API of Cloud Storage that its clients speak for data.

Known: put, get with a range, head, delete, copy, list, and uploads in parts. Conditions by
generation are held. Not here: access lists, and the JSON API.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from semantic_assets.emulator.platform.objects import Buckets, StoredObject

_NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_PAGE = 1_000
_UPLOADS = "uploads"


def answer(buckets: Buckets, request: Request, body: bytes, *, hidden: int = 0) -> Response:
    """Answer a call about a bucket or one of its objects.

    Args:
        hidden: so many of the last answers files are not listed.
    """
    bucket, key = request.path_params["bucket"], unquote(request.path_params.get("key", ""))
    query = request.query_params
    if not key:
        return _listed(buckets, bucket, query, hidden)
    if request.method == "POST":
        return _post(buckets, bucket, key, query)
    if request.method == "PUT":
        return _put(buckets, bucket, key, request, body)
    if request.method == "DELETE":
        return _delete(buckets, bucket, key, query)
    return _get(buckets, bucket, key, request)


def _get(buckets: Buckets, bucket: str, key: str, request: Request) -> Response:
    found = buckets.find(bucket, key)
    if found is None:
        return error(404, "NoSuchKey")
    headers = _headers(found)
    if request.method == "HEAD":
        return Response(headers={**headers, "content-length": str(found.size)})
    start, end = _range(request.headers.get("range"), found.size)
    is_part = (start, end) != (0, found.size)
    if is_part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{found.size}"
    headers["content-length"] = str(end - start)
    return StreamingResponse(
        buckets.read(bucket, key, start, end), 206 if is_part else 200, headers
    )


def _range(header: str | None, size: int) -> tuple[int, int]:
    if not header or not header.startswith("bytes="):
        return 0, size
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    return min(int(first), size), min(int(last) + 1, size) if last else size


def _put(buckets: Buckets, bucket: str, key: str, request: Request, body: bytes) -> Response:
    query = request.query_params
    if "uploadId" in query:
        part = f"{_UPLOADS}/{query['uploadId']}/{int(query['partNumber']):06d}"
        return _written(buckets.write(_parts(bucket), part, [body]))
    held = buckets.find(bucket, key)
    wanted = request.headers.get("x-goog-if-generation-match")
    if wanted is not None and int(wanted) != (held.generation if held else 0):
        return error(412, "PreconditionFailed")
    if source := request.headers.get("x-goog-copy-source"):
        return _written(buckets.copy(bucket, unquote(source).partition("/")[2], key))
    return _written(buckets.write(bucket, key, [body]))


def _post(buckets: Buckets, bucket: str, key: str, query: Mapping[str, str]) -> Response:
    """Begin an upload in parts, or join its parts."""
    if _UPLOADS in query:
        begun = buckets.write(_parts(bucket), f"begun/{key}", [b""])
        inner = f"<Bucket>{escape(bucket)}</Bucket><Key>{escape(key)}</Key>"
        return _xml("InitiateMultipartUploadResult", f"{inner}<UploadId>{begun.etag}</UploadId>")
    parts = buckets.below(_parts(bucket), f"{_UPLOADS}/{query['uploadId']}/")
    paths = [buckets.path(_parts(bucket), part.key) for part in parts]
    stored = buckets.write(bucket, key, (piece for path in paths for piece in _pieces(path)))
    for part in parts:
        buckets.delete(_parts(bucket), part.key)
    return _xml("CompleteMultipartUploadResult", f'<ETag>"{stored.etag}"</ETag>')


def _pieces(path: Path) -> list[bytes]:
    return [path.read_bytes()]


def _delete(buckets: Buckets, bucket: str, key: str, query: Mapping[str, str]) -> Response:
    if "uploadId" in query:
        for part in buckets.below(_parts(bucket), f"{_UPLOADS}/{query['uploadId']}/"):
            buckets.delete(_parts(bucket), part.key)
        return Response(status_code=204)
    return Response(status_code=204) if buckets.delete(bucket, key) else error(404, "NoSuchKey")


def _listed(buckets: Buckets, bucket: str, query: Mapping[str, str], hidden: int) -> Response:
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
    after = query.get("continuation-token") or query.get("start-after") or ""
    folders, shown = dict[str, None](), list[StoredObject]()
    found = buckets.below(bucket, prefix)
    answers = [one for one in found if one.key.endswith(".jsonl")]
    left_out = answers[len(answers) - hidden :]
    for one in found:
        if one in left_out:
            continue
        inner = one.key.removeprefix(prefix)
        if delimiter and delimiter in inner:
            folders[prefix + inner.partition(delimiter)[0] + delimiter] = None
        elif one.key > after:
            shown.append(one)
    page, more = shown[:_PAGE], len(shown) > _PAGE
    parts = [f"<Name>{escape(bucket)}</Name><Prefix>{escape(prefix)}</Prefix>"]
    parts.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>")
    if more:
        parts.append(f"<NextContinuationToken>{escape(page[-1].key)}</NextContinuationToken>")
    parts += [
        f"<Contents><Key>{escape(one.key)}</Key><Size>{one.size}</Size>"
        f'<ETag>"{one.etag}"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>'
        for one in page
    ]
    parts += [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders]
    return _xml("ListBucketResult", "".join(parts))


def _parts(bucket: str) -> str:
    """Return the name of the bucket that holds the parts of unfinished uploads."""
    return f"{bucket}:parts"


def _headers(stored: StoredObject) -> dict[str, str]:
    return {
        "etag": f'"{stored.etag}"',
        "x-goog-generation": str(stored.generation),
        "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        "content-type": "application/octet-stream",
    }


def _written(stored: StoredObject) -> Response:
    return Response(headers=_headers(stored))


def _xml(root: str, inner: str, code: int = 200) -> Response:
    content = f'<?xml version="1.0" encoding="UTF-8"?><{root} {_NS}>{inner}</{root}>'
    return Response(content, code, media_type="application/xml")


def error(code: int, name: str) -> Response:
    """Return a refusal in the form of Cloud Storage."""
    return _xml("Error", f"<Code>{name}</Code><Message>{name}</Message>", code)
