"""What a day changes in a living corpus: 1 % of its articles edited, and as many removed."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_SHARE, _SEED = 0.01, 11
_INSERTED = (
    "This paragraph was put in by a later hand, about number {number}: the value was measured "
    "again in winter, with another gauge, and was found to differ by a little from the first."
)


def edit_and_remove(path: Path) -> int:
    """Insert a paragraph into 1 %, at start, middle or end; drop another 1 %; return how many each."""
    table = pq.read_table(path, partitioning=None)
    count = max(1, round(table.num_rows * _SHARE))
    chosen = random.Random(_SEED).sample(range(table.num_rows), 2 * count)
    texts = table["text"].to_pylist()
    for number, row in enumerate(chosen[:count]):
        paragraphs = texts[row].split("\n\n")
        place = (0, len(paragraphs) // 2, len(paragraphs))[number % 3]
        paragraphs.insert(place, _INSERTED.format(number=number))
        texts[row] = "\n\n".join(paragraphs)
    column = pa.array(texts, table.schema.field("text").type)
    table = table.set_column(table.schema.get_field_index("text"), "text", column)
    removed = pa.array(sorted(chosen[count:]))
    kept = pc.invert(pc.is_in(pa.array(range(table.num_rows)), removed))
    pq.write_table(table.filter(kept), path)
    return count
