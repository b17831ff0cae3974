"""Find and delete results that no row wants: paid for, and priced before they go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.errors import ConfigError, Conflict, NotFound
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.model.catalog import batch_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.tables import token_columns
from semantic_assets.pipeline.pending.landed import complete_key_index
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwantedResults:
    """Results files of a space or a task that no row wants, and the cost of making them again."""

    space_id: str
    files: tuple[str, ...]
    rows: int
    bytes: int
    tokens: int
    usd_to_embed_again: float


def unwanted_results(
    store: Store, *, without: Sequence[DatasetKey] = ()
) -> tuple[UnwantedResults, ...]:
    """List the results `purge` would delete; `without`: as if these datasets were removed.

    Raises:
        Conflict: a shard is not split yet, so the results it wants are not known.
    """
    shards = _shards(store, without)
    spaces = [name.removeprefix("space=") for name in store.lake.folders("results")]
    return tuple(found for space in spaces if (found := _unwanted(store, space, shards)).files)


def purge(store: Store) -> tuple[UnwantedResults, ...]:
    """Delete unwanted results, under the planner's lease: a planner relies on landed files.

    Raises:
        Conflict: as `unwanted_results`, or tables were written meanwhile.
    """
    with store.ledger.leases.holding(lease_names.PLAN):
        before = _tables(store)
        found = unwanted_results(store)
        if _tables(store) != before:
            raise Conflict("tables were written while the results were looked at: try again")
        for unwanted in found:
            folder = layout.results_dir(unwanted.space_id)
            store.ledger.paid.forget([f"{folder}/{name}" for name in unwanted.files])
            for name in unwanted.files:
                store.lake.delete(f"{folder}/{name}")
            index = store.key_index(unwanted.space_id)
            etags = index.etags()
            index.forget({name: etags[name] for name in unwanted.files if name in etags})
    return found


def _tables(store: Store) -> dict[str, str]:
    """Map the tables that want results to their fingerprints."""
    files = store.ledger.files
    return files.fingerprints("chunks") | files.fingerprints("requests")


def _shards(store: Store, without: Sequence[DatasetKey]) -> list[ShardKey]:
    shards = [
        shard.key for shard in store.ledger.sources.shards() if shard.key.dataset not in without
    ]
    for shard in shards:
        if not all(store.trusted_fingerprint(path) for path in _wanting(store, shard)):
            raise Conflict(
                f"shard {shard} is not split yet, so it is not known which results it wants: run "
                f"`semantic-assets refresh --dataset {shard.dataset}` first"
            )
    return shards


def _wanting(store: Store, shard: ShardKey) -> list[str]:
    """List the tables of a shard that want results."""
    chunks = [layout.chunks(shard)] if store.is_embedded(shard.dataset) else []
    tasks = store.ledger.tasks.of(shard.dataset, stopped=True)
    return [*chunks, *(layout.requests(pinned.task.task_id, shard) for pinned in tasks)]


def _unwanted(store: Store, space_id: str, shards: list[ShardKey]) -> UnwantedResults:
    index = complete_key_index(store, space_id)
    unwanted = set(store.lake.names(layout.results_dir(space_id)))
    for keys in _wanted(store, space_id, shards):
        if not unwanted:
            break
        unwanted -= index.files_of(keys)
    return _quote(store, space_id, tuple(sorted(unwanted)))


def _wanted(store: Store, space_id: str, shards: list[ShardKey]) -> Iterator[list[str]]:
    for shard in shards:
        path = layout.wanted(space_id, shard)
        if path in _wanting(store, shard):
            yield pc.unique(store.lake.read(path, ["text_hash"])["text_hash"]).to_pylist()


def _quote(store: Store, space_id: str, files: tuple[str, ...]) -> UnwantedResults:
    paths = [f"{layout.results_dir(space_id)}/{name}" for name in files]
    columns = token_columns(space_id)
    tables = [store.lake.read(path, columns) for path in paths]
    tokens, *output = (sum(pc.sum(t[name]).as_py() or 0 for t in tables) for name in columns)
    return UnwantedResults(
        space_id=space_id,
        files=files,
        rows=sum(table.num_rows for table in tables),
        bytes=sum(store.lake.size(path) for path in paths),
        tokens=tokens,
        usd_to_embed_again=_usd(store, space_id, tokens, sum(output)),
    )


def _usd(store: Store, space_id: str, tokens: int, output_tokens: int) -> float:
    """Return dollars at today's price; of the configured model if the space's own is unknown."""
    try:
        return batch_usd(store.product(space_id).model, tokens, output_tokens)
    except (NotFound, ConfigError, KeyError):
        return batch_usd(store.settings.model, tokens)
