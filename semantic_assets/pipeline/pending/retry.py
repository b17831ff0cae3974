"""List the chunks that ended FAILED, and make their texts pending again."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import FINGERPRINT
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.store import Store

_RETRY = pa.schema([pa.field("text_hash", pa.string(), nullable=False)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A chunk without a vector, and the reason."""

    chunk_id: str
    document_id: str
    shard: str
    space: str
    text_hash: str
    batch_job_id: str
    attempts: int
    error_code: str | None
    error_message: str | None


def failures(store: Store, *, datasets: tuple[DatasetKey, ...] = ()) -> list[Failure]:
    """List the FAILED rows of the assembled shards, in the order of shards and chunks."""
    columns = list(Failure.__dataclass_fields__)
    found: list[Failure] = []
    for shard in store.ledger.sources.shards():
        path = layout.embeddings(store.serving_space(shard.key.dataset).product_id, shard.key)
        if (datasets and shard.key.dataset not in datasets) or not store.lake.exists(path):
            continue
        table = store.lake.read(path, [*columns, "status"])
        rows = table.filter(pc.equal(table["status"], RowStatus.FAILED)).select(columns)
        found.extend(Failure(**row) for row in rows.to_pylist())
    return found


def retry(store: Store, *, datasets: tuple[DatasetKey, ...] = ()) -> int:
    """Make failed texts pending again (errors before now no longer count); return how many."""
    failed = failures(store, datasets=datasets)
    texts = {(failure.space, failure.text_hash) for failure in failed}
    for product_id in sorted({product_id for product_id, _ in texts}):
        write_retry(store, product_id, sorted(key for of, key in texts if of == product_id))
    for shard, product_id in {(failure.shard, failure.space) for failure in failed}:
        # Unsettled again: the planner opens it, and the sensor sees that there is work.
        store.ledger.progress.note(
            ShardKey.parse(shard), product_id, settled_fingerprint=None, pending=None
        )
    return len(texts)


def write_retry(store: Store, product_id: str, keys: list[str]) -> None:
    """Write a file that voids earlier errors of these texts; it outlives a lost ledger."""
    name = f"{layout.retries_dir(product_id)}/{store.ledger.job_ids.new()}.parquet"
    with store.lake.writing(name, _RETRY, {FINGERPRINT.decode(): str(len(keys))}) as file:
        file.write(pa.table([pa.array(keys, pa.string())], schema=_RETRY))
