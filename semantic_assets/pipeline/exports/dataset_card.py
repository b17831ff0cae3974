"""The card of a Hugging Face dataset: README.md with the features of the table."""

import pyarrow as pa

from semantic_assets.pipeline.exports.export_columns import COLUMNS
from semantic_assets.pipeline.exports.export_manifest import ExportManifest

CARD, DATA = "README.md", "data"
_DTYPES = {pa.string(): "string", pa.int32(): "int32", pa.int64(): "int64"}


def dataset_card(manifest: ExportManifest, schema: pa.Schema) -> str:
    """Return the text of the card."""
    features = "\n".join(line for field in schema for line in _feature(field))
    columns = "\n".join(f"| `{name}` | {what} |" for name, what in COLUMNS.items())
    return f"""---
configs:
- config_name: default
  data_files:
  - split: train
    path: {DATA}/*.parquet
dataset_info:
  features:
{features}
---

# {manifest.dataset}

Passages with their vectors of {manifest.dimensions} numbers, of the embedding space `{manifest.space}`.

| column | content |
|---|---|
{columns}
"""


def _feature(field: pa.Field) -> list[str]:
    if field.name == "vector":
        size = field.type.list_size
        return [f"  - name: {field.name}", "    list: float32", f"    length: {size}"]
    return [f"  - name: {field.name}", f"    dtype: {_DTYPES[field.type]}"]
