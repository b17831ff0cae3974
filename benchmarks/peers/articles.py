"""The articles that everyone ingests, and the same with 1 % of them changed."""

import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import articles

_SHARE, _SEED = 0.01, 11
_INSERTED = (
    "This paragraph was put in by a later hand, about number {number}: the value was measured "
    "again in winter, with another gauge, and was found to differ by a little from the first."
)


def write(sources: Path) -> tuple[Path, int]:
    """A source file of PEERS_ARTICLES articles, 12,000 if that is not set; and how many there are."""
    path = articles(sources, int(os.environ.get("PEERS_ARTICLES", "12000")))
    return path, int(pq.read_metadata(path).num_rows)


def change(path: Path) -> int:
    """Insert a paragraph into 1 %, at the start, in the middle or at the end; returns how many."""
    table = pq.read_table(path)
    texts = table["text"].to_pylist()
    count: int = max(1, round(table.num_rows * _SHARE))
    for number, row in enumerate(random.Random(_SEED).sample(range(len(texts)), count)):
        paragraphs = texts[row].split("\n\n")
        place = (0, len(paragraphs) // 2, len(paragraphs))[number % 3]
        paragraphs.insert(place, _INSERTED.format(number=number))
        texts[row] = "\n\n".join(paragraphs)
    column = pa.array(texts, table.schema.field("text").type)
    position = table.schema.get_field_index("text")
    pq.write_table(table.set_column(position, "text", column), path)
    return count
