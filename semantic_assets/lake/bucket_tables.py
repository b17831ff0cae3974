"""Tables of a lake in a bucket, for SQL: only the data that a query reads travels.

A table's files are listed once, when it is opened; reading a file that was replaced since is an
error, never a mixture.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_

import pyarrow as pa
import pyarrow.dataset as ds

from semantic_assets.objects.bucket import Bucket, Stored
from semantic_assets.objects.range_file import RangeFile

_FORMAT = ds.ParquetFileFormat()


def table_of(
    bucket: Bucket, directory: str, schema: pa.Schema, keys: Iterable[str], *, first: str = ""
) -> ds.Dataset | None:
    """Return the files below a directory as one table; None without any.

    Args:
        keys: further columns, from a file's folders `key=value`; `batch_job_id` is its name.
        first: only folders whose name begins so.
    """
    keys = list(keys)
    files = [
        item
        for item in bucket.below(f"{directory}/")
        if item.name.endswith(".parquet") and item.name.startswith(f"{directory}/{first}")
    ]
    if not files:
        return None
    whole = pa.schema([*schema, *(pa.field(key, pa.string()) for key in keys)])
    fragments = [_fragment(bucket, item, keys) for item in files]
    return ds.FileSystemDataset(fragments, whole, _FORMAT)


def _fragment(bucket: Bucket, item: Stored, keys: list[str]) -> ds.Fragment:
    values = _values(item.name)
    of_file = [ds.field(key) == values[key] for key in keys]
    return _FORMAT.make_fragment(
        pa.PythonFile(RangeFile(bucket, item)),
        partition_expression=reduce(and_, of_file) if of_file else None,
    )


def _values(name: str) -> Mapping[str, str]:
    *folders, file = name.split("/")
    found = dict(part.split("=", 1) for part in folders if "=" in part)
    return found | {"batch_job_id": file.removesuffix(".parquet")}
