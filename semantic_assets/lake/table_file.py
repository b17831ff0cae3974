"""A table file of the lake that is being written."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Columns with few values: a dictionary shrinks them to next to nothing.
_REPEATED = ["shard", "space", "mime", "parse_status", "status", "batch_job_id", "outcome"]
#: Nobody asks which text comes first.
_TEXTS = ("text", "vector_text")


class TableFile:
    """A Parquet file open for writing.

    Vectors gain nothing from dictionaries, compression or min-max statistics. Text is not
    compressed either: chunks of 12,000 articles take 213 MB and 0.16 CPU seconds to write, with LZ4
    103 MB and 0.78; their vectors take three times 170 MB anyway. Every page carries a checksum:
    without it a flipped bit in a paid vector is another vector, and every check passes.
    """

    def __init__(self, path: Path, schema: pa.Schema, metadata: dict[str, str]) -> None:
        self.path = path
        self.rows = 0
        self.metadata = metadata
        plain = [field.name for field in schema if not pa.types.is_nested(field.type)]
        # The smallest and the largest text of a page are copied for it: twice a document of 63 MB.
        plain = [name for name in plain if name not in _TEXTS]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="none",
            use_dictionary=_REPEATED,
            write_statistics=plain,
            write_page_checksum=True,
        )

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        if batch.num_rows:
            self.rows += batch.num_rows
            self._writer.write(batch)

    def close(self) -> None:
        """Write the footer; a second call does nothing."""
        if self._writer.is_open:
            self._writer.add_key_value_metadata(self.metadata)
            self._writer.close()
