"""Exports to a table of Postgres with pgvector: a transaction for each shard that changed."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from semantic_assets.errors import SetupError, TransientError
from semantic_assets.pipeline.exports.export_progress import Telling, Written
from semantic_assets.pipeline.exports.postgres_address import PostgresAddress
from semantic_assets.pipeline.exports.postgres_table import ExportTable
from semantic_assets.pipeline.exports.shard_rows import ServedRows
from semantic_assets.text.foreign import scrub_error, scrubbed

if TYPE_CHECKING:  # an extra
    import psycopg


def export_to_postgres(
    address: PostgresAddress, rows: ServedRows, told: Telling, *, index: bool, replace: bool
) -> Written:
    """Bring a table to the present rows.

    Args:
        index: make an HNSW index for cosine distance, if there is none.
        replace: drop a table that holds an export of something else.

    Raises:
        SetupError: the driver, the server or the extension is not there, or refuses.
        ConfigError: the table is no export, or one of something else.
        Conflict: another export writes to the table.
        TransientError: the server failed; run again, the export goes on from there.
    """
    with _connected(address) as connection:
        table = ExportTable(connection, address, rows)
        with table.locked():
            table.prepare(replace=replace)
            written = _bring(table, rows, told)
            if index:
                table.make_index()
    return written


def _bring(table: ExportTable, rows: ServedRows, told: Telling) -> Written:
    held = table.held()
    wanted = {shard.number: shard for shard in rows.shards}
    changed = [
        shard
        for number, shard in wanted.items()
        if held.get(number) != (shard.fingerprint, len(shard))
    ]
    told.expect(changed)
    for shard in changed:
        table.write(shard, map(told, shard.tables()))
    gone = sorted(set(held) - set(wanted))
    for number in gone:
        table.remove(number)
    return Written(len(changed), len(rows.shards) - len(changed), len(gone))


@contextmanager
def _connected(address: PostgresAddress) -> Iterator["psycopg.Connection[Any]"]:
    """Connect, and turn the driver's errors into ours, without the secrets of the address."""
    try:
        import psycopg
    except ImportError as error:
        raise SetupError(
            "the driver of Postgres is not installed: install it with "
            "`pip install semantic-assets[postgres]`"
        ) from error
    try:
        with closing(psycopg.connect(address.conninfo, autocommit=True)) as connection:
            yield connection
    except psycopg.Error as error:
        scrub_error(error, *address.secrets)
        said = scrubbed(" ".join(str(error).split()), *address.secrets)
        raise TransientError(
            f"Postgres at {address.shown} failed ({said}): see that it is there and that the "
            "user may write, then run this again"
        ) from error
