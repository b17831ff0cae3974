"""The limits: what bare libraries take for the same bytes, on one core.

python -m benchmarks.paths.bare ARTICLES FOLDER, after `pipeline` left its result files there.
"""

import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import simdjson

from benchmarks.paths.meter import Meter

_CHARS, _BLOCK, _DIMENSIONS = 2_048, 1_024, 768
_SCHEMA = pa.schema(
    [("key", pa.string()), ("vector", pa.list_(pa.float32(), _DIMENSIONS)), ("tokens", pa.int32())]
)


def main() -> None:
    articles, folder = Path(sys.argv[1]), Path(sys.argv[2])
    meter = Meter()
    with meter.measuring("a"):
        _requests(articles, folder / "bare-requests.jsonl")
    with meter.measuring("b"):
        for number, file in enumerate(sorted(folder.glob("answers-*.jsonl"))):
            _results(file, folder / f"bare-{number}.parquet")
    meter.tell()


def _requests(articles: Path, target: Path) -> None:
    """Articles, cut at the last paragraph or sentence that fits, hashed, as request lines."""
    with pq.ParquetFile(articles) as file, target.open("wb", buffering=1 << 20) as out:
        for batch in file.iter_batches(256, columns=["text"]):
            for text in batch["text"].to_pylist():
                for chunk in _chunks(text):
                    key = blake2b(chunk.encode(), digest_size=16).hexdigest()
                    content = {"parts": [{"text": chunk}]}
                    request = {"output_dimensionality": _DIMENSIONS, "content": content}
                    out.write(orjson.dumps({"key": key, "request": request}) + b"\n")


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


def _results(source: Path, target: Path) -> None:
    """Answer lines to float32 columns; nothing is checked."""
    parser = simdjson.Parser()
    with (
        source.open("rb", buffering=1 << 20) as file,
        pq.ParquetWriter(target, _SCHEMA, compression="none", use_dictionary=False) as writer,
    ):
        vectors, keys, tokens = np.empty((_BLOCK, _DIMENSIONS), np.float32), [], []
        for line in file:
            root = parser.parse(line)
            values = root.at_pointer("/response/embedding/values")
            vectors[len(keys)] = np.frombuffer(values.as_buffer(of_type="d"))
            keys.append(root["key"])
            tokens.append(root.at_pointer("/response/tokenCount"))
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
