"""Requests as bytes on a socket: broken, ambiguous, huge or for another protocol."""

import json

from tests.rest.conftest import DOCUMENTS

_SEARCH = "/v1/search"


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: localhost", *headers, "", ""]).encode() + body


def _json(body: bytes, path: str = _SEARCH, *headers: str) -> bytes:
    told = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return _request(f"POST {path} HTTP/1.1", *told, *headers, body=body)


def _form(body: bytes, boundary: str = "b") -> bytes:
    told = (f"Content-Type: multipart/form-data; boundary={boundary}",)
    return _request(
        f"POST {DOCUMENTS}?mode=async HTTP/1.1", *told, f"Content-Length: {len(body)}", body=body
    )


def _part(name: bytes, content: bytes = b"x", headers: bytes = b"") -> bytes:
    disposition = b'Content-Disposition: form-data; name="files[]"; filename="%s"\r\n' % name
    return b"--b\r\n" + disposition + headers + b"\r\n" + content + b"\r\n"


def _query(**fields: object) -> bytes:
    return json.dumps({"query": "x", "datasets": ["acme/notes"], **fields}).encode()


_GET = "GET /v1/datasets HTTP/1.1"
#: By name; each is what one connection sends.
REQUESTS: dict[str, bytes] = {
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 100,
    "a header of a megabyte": _request(_GET, "X-Long: " + "a" * (1 << 20)),
    "ten thousand headers": _request(_GET, *(f"X-{n}: a" for n in range(10_000))),
    "a path of a megabyte": _request("GET /" + "a" * (1 << 20) + " HTTP/1.1"),
    "line ends in a header": _request(_GET, "X-A: a\n b", "X-B:\r\n c"),
    "a null in the path": _request("GET /v1/projects/%00/datasets/%00/documents HTTP/1.1"),
    "bytes that are no text in the path": _request(
        "GET /v1/projects/%ff%fe/datasets/x/documents HTTP/1.1"
    ),
    "dots in the path": _request(
        "GET /v1/projects/../../../../etc/datasets/passwd/documents HTTP/1.1"
    ),
    "two lengths": _request(
        f"POST {_SEARCH} HTTP/1.1", "Content-Length: 5", "Content-Length: 50", body=b"{}\r\n\r\n"
    ),
    "length and chunks": _request(
        f"POST {_SEARCH} HTTP/1.1",
        "Content-Length: 4",
        "Transfer-Encoding: chunked",
        body=b"0\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    "a negative length": _request(f"POST {_SEARCH} HTTP/1.1", "Content-Length: -1", body=b"{}"),
    "a length beyond 64 bits": _request(f"POST {_SEARCH} HTTP/1.1", f"Content-Length: {10**30}"),
    "a chunk that is none": _request(
        f"POST {_SEARCH} HTTP/1.1", "Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n"
    ),
    "a chunk of 16 EB": _request(
        f"POST {_SEARCH} HTTP/1.1", "Transfer-Encoding: chunked", body=b"ffffffffffffffff\r\na"
    ),
    "trace": _request("TRACE /v1/datasets HTTP/1.1"),
    "connect": _request("CONNECT example.com:443 HTTP/1.1"),
    "a web socket": _request(
        "GET /v1/search HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: a",
    ),
    "two hundred at once": _request("GET /healthz HTTP/1.1") * 200,
    "json of brackets": _json(b"[" * 3_000_000),
    "json of objects": _json(b'{"query":' * 300_000),
    "a number of a million digits": _json(b'{"query": "x", "k": ' + b"9" * 1_000_000 + b"}"),
    "an exponent": _json(b'{"query": "x", "k": 1e400}'),
    "not a number": _json(b'{"query": "x", "k": NaN}'),
    "half a surrogate": _json(b'{"query": "\\ud800", "datasets": ["acme/notes"]}'),
    "nulls in a question": _json(_query(query="\0" * 1_000)),
    "a hundred thousand keys": _json(json.dumps({f"k{n}": n for n in range(100_000)}).encode()),
    "a thousand datasets": _json(_query(datasets=[f"acme/d{n}" for n in range(1_001)])),
    "a space that is a path": _json(_query(space="../../../etc/passwd")),
    "more than all": _json(_query(k=10**18)),
    "text that is no utf-8": _json(b'{"query": "\xff\xfe"}'),
    "another encoding": _json(_query(query="a").decode().encode("utf-16")),
    "a body said to be packed": _json(
        b"\x1f\x8b" + b"\0" * 1_000, _SEARCH, "Content-Encoding: gzip"
    ),
    "a form without a boundary": _request(
        f"POST {DOCUMENTS} HTTP/1.1",
        "Content-Type: multipart/form-data",
        "Content-Length: 3",
        body=b"abc",
    ),
    "a boundary of a megabyte": _form(b"--a--\r\n", "a" * 12_000),
    "a thousand and one files": _form(
        b"".join(_part(b"%d.txt" % n) for n in range(1_001)) + b"--b--\r\n"
    ),
    "a part of headers": _form(_part(b"a.txt", b"x", b"X-A: a\r\n" * 20_000) + b"--b--\r\n"),
    "a name of a megabyte": _form(_part(b"a" * (1 << 20) + b".txt") + b"--b--\r\n"),
    "a name that is a path": _form(_part(b"../../../../etc/cron.d/x.txt") + b"--b--\r\n"),
    "a form cut off": _form(_part(b"a.txt") * 3)[:-10] + b"x" * 10,
    "dashes": _form(b"-" * 3_000_000),
}
