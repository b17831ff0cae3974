"""The limits: what bare libraries take for the same work, on one core, over plain http.client.

python -m benchmarks.paths.bare ARTICLES FOLDER EMULATOR_URL TIER.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import simdjson

from benchmarks.meter import Meter

_CHARS, _BLOCK, _DIMENSIONS = 2_048, 1_024, 768
#: Bytes of a request file: a third of the window of tier 3.
_FILE_BYTES, _PART = 10_000_000, 1 << 20
_MODEL, _KEY = "models/gemini-embedding-001", {"x-goog-api-key": "bare"}
_SCHEMA = pa.schema(
    [("key", pa.string()), ("vector", pa.list_(pa.float32(), _DIMENSIONS)), ("tokens", pa.int32())]
)


def main() -> None:
    articles, folder, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    meter = Meter(folder)
    with meter.measuring("a"):
        files = _requests(articles, folder)
    for number, file in enumerate(files):
        with meter.measuring("a"):
            uploaded = _upload(url, file)
        answers = _finished(url, uploaded)
        target = folder / f"answers-{number}.jsonl"
        with meter.measuring("b"):
            _download(url, answers, target)
            with meter.measuring("b_decoding"):
                _results(target, folder / f"bare-{number}.parquet")
    meter.tell()


def _requests(articles: Path, folder: Path) -> list[Path]:
    """Articles, cut at the last paragraph or sentence that fits, hashed, as request lines."""
    targets: list[Path] = []
    left, out, seen = 0, None, set[str]()
    with pq.ParquetFile(articles) as file:
        for batch in file.iter_batches(256, columns=["text"]):
            for line in (x for text in batch["text"].to_pylist() for x in _lines(text, seen)):
                if left <= 0:
                    if out:
                        out.close()
                    targets.append(folder / f"bare-requests-{len(targets)}.jsonl")
                    left, out = _FILE_BYTES, targets[-1].open("wb", buffering=_PART)
                left -= out.write(line)  # type: ignore[union-attr]
    if out:
        out.close()
    return targets


def _lines(text: str, seen: set[str]) -> Iterator[bytes]:
    """A file with a key twice is refused, so each chunk once."""
    for chunk in _chunks(text):
        key = blake2b(chunk.encode(), digest_size=16).hexdigest()
        if key in seen:
            continue
        seen.add(key)
        content = {"parts": [{"text": chunk}]}
        request = {"output_dimensionality": _DIMENSIONS, "content": content}
        yield orjson.dumps({"key": key, "request": request}) + b"\n"


def _chunks(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > _CHARS:
        end = start + _CHARS
        cut = text.rfind("\n\n", start + 1, end)
        cut = cut if cut > 0 else text.rfind(". ", start + 1, end)
        cut = cut if cut > 0 else end
        yield text[start:cut]
        start = cut
    yield text[start:]


def _upload(url: str, path: Path) -> str:
    """Google's resumable upload, in one part."""
    size = path.stat().st_size
    start = _KEY | {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": str(size),
        "X-Goog-Upload-Header-Content-Type": "application/jsonl",
        "Content-Type": "application/json",
    }
    connection = _connection(url)
    connection.request("POST", "/upload/v1beta/files", b'{"file": {}}', start)
    answer = connection.getresponse()
    answer.read()
    place = urlsplit(answer.headers["X-Goog-Upload-URL"])
    send = {
        "X-Goog-Upload-Command": "upload, finalize",
        "X-Goog-Upload-Offset": "0",
        "Content-Length": str(size),
    }
    with path.open("rb") as file:
        connection.request("POST", f"{place.path}?{place.query}", file, send)
        found = json.loads(connection.getresponse().read())
    return str(found["file"]["name"])


def _finished(url: str, uploaded: str) -> str:
    """Create the job, wait until it ended, and return the name of its result file; not measured."""
    body = {"batch": {"displayName": "bare", "inputConfig": {"fileName": uploaded}}}
    with httpx2.Client(base_url=f"{url}/v1beta", headers=_KEY, timeout=300) as client:
        made = client.post(f"/{_MODEL}:asyncBatchEmbedContent", json=body)
        made.raise_for_status()
        while True:
            job = client.get(f"/{made.json()['name']}").json()
            if "error" in job:
                raise RuntimeError(str(job))
            if job.get("done"):
                return str(job["response"]["responsesFile"])
            time.sleep(0.2)


def _download(url: str, name: str, target: Path) -> None:
    connection = _connection(url)
    connection.request("GET", f"/download/v1beta/{name}:download?alt=media", headers=_KEY)
    answer = connection.getresponse()
    with target.open("wb") as file:
        while part := answer.read(_PART):
            file.write(part)


def _connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)


def _results(source: Path, target: Path) -> None:
    """Answer lines to float32 columns; nothing is checked."""
    parser = simdjson.Parser()
    with (
        source.open("rb", buffering=_PART) as file,
        pq.ParquetWriter(target, _SCHEMA, compression="none", use_dictionary=False) as writer,
    ):
        vectors, keys, tokens = np.empty((_BLOCK, _DIMENSIONS), np.float32), [], []
        for line in file:
            root = parser.parse(line)
            values = root.at_pointer("/response/embedding/values")
            vectors[len(keys)] = np.frombuffer(values.as_buffer(of_type="d"))
            keys.append(root["key"])
            tokens.append(int(root.at_pointer("/response/tokenCount")))
            del values, root
            if len(keys) == _BLOCK:
                writer.write_batch(_batch(keys, vectors, tokens))
                keys, tokens = [], []
        if keys:
            writer.write_batch(_batch(keys, vectors[: len(keys)], tokens))


def _batch(keys: list[str], vectors: np.ndarray, tokens: list[int]) -> pa.RecordBatch:
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), _DIMENSIONS)
    columns = [pa.array(keys, pa.string()), lists, pa.array(tokens, pa.int32())]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


if __name__ == "__main__":
    main()
