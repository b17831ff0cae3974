"""A table of Postgres with pgvector that holds exported rows, and which state of each shard it has."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from semantic_assets.errors import ConfigError, Conflict, SetupError
from semantic_assets.pipeline.exports.export_columns import COLUMNS
from semantic_assets.pipeline.exports.export_manifest import (
    FORMAT_VERSION,
    ExportManifest,
    require_same_export,
)
from semantic_assets.pipeline.exports.export_target import POSTGRES
from semantic_assets.pipeline.exports.postgres_address import PostgresAddress
from semantic_assets.pipeline.exports.row_files import vectors_in
from semantic_assets.pipeline.exports.shard_rows import ServedRows, ShardRows

if TYPE_CHECKING:  # an extra
    import psycopg
    from psycopg.sql import Composed

#: Which state of each shard is in which table, written in the transaction of the rows. The row of
#: the shard '' says what the table is an export of.
_STATES = """CREATE TABLE IF NOT EXISTS semantic_assets_exports (
    table_name text, shard text, fingerprint text NOT NULL, rows bigint NOT NULL,
    dataset text NOT NULL, space text NOT NULL, dimensions integer NOT NULL,
    version integer NOT NULL, PRIMARY KEY (table_name, shard))"""
_TYPES = {
    "id": "text PRIMARY KEY",
    **dict.fromkeys(("dataset", "shard", "document_id", "text"), "text NOT NULL"),
    "page": "integer",
    "chunk_index": "integer NOT NULL",
    **dict.fromkeys(("start_char", "end_char"), "bigint NOT NULL"),
    "metadata": "jsonb",
    "token_count": "integer",
}
#: An index of `vector` takes up to 2,000 numbers, one of `halfvec` 4,000.
_MOST_INDEXED, _MOST_HALVED = 2_000, 4_000


class ExportTable:
    """The table of one export."""

    def __init__(
        self, connection: "psycopg.Connection[Any]", address: PostgresAddress, rows: ServedRows
    ) -> None:
        self._connection, self._name, self._shown = connection, address.table, address.shown
        self._exported = ExportManifest(
            format=POSTGRES,
            dataset=str(rows.version.dataset),
            space=rows.version.space_id,
            dimensions=rows.dimensions,
        )
        self._extension = ""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the table's name for this export alone.

        Raises:
            Conflict: another export writes to the table.
        """
        name = f"export {self._name}"
        if not self._one("SELECT pg_try_advisory_lock(hashtext(%s))", name):
            raise Conflict(
                f"another export writes to {self._shown}: run this again when it has ended"
            )
        try:
            yield
        finally:
            # A server notices a closed connection some time later: an export that followed at
            # once was told that another one wrote. A connection that is lost lets go by itself.
            if not self._connection.closed:
                self._one("SELECT pg_advisory_unlock(hashtext(%s))", name)

    def prepare(self, *, replace: bool) -> None:
        """Make extension, states and table where they are missing.

        Raises:
            ConfigError: the table is no export, or one of something else.
        """
        self._extension = self._made_extension()
        with self._connection.transaction():
            self._connection.execute(_STATES)
            self._clear(replace=replace)
            self._create()

    def _made_extension(self) -> str:
        """Return the schema in which the extension is, made if it is missing and allowed."""
        import psycopg

        where = (
            "SELECT nspname FROM pg_extension JOIN pg_namespace n ON extnamespace = n.oid "
            "WHERE extname = 'vector'"
        )
        if found := self._one(where):
            return str(found)
        try:
            self._connection.execute("CREATE EXTENSION vector")
        except psycopg.Error as error:
            raise SetupError(
                f"{self._shown} has no pgvector ({str(error).splitlines()[0]}): install it on the "
                "server, and run CREATE EXTENSION vector as the owner of the database"
            ) from error
        return str(self._one(where))

    def _clear(self, *, replace: bool) -> None:
        """Leave the table as an export of these rows, or no table."""
        row = self._connection.execute(
            "SELECT dataset, space, dimensions, version FROM semantic_assets_exports "
            "WHERE table_name = %s AND shard = ''",
            (self._name,),
        ).fetchone()
        is_there = self._one("SELECT to_regclass(quote_ident(%s)) IS NOT NULL", self._name)
        if row is None and is_there:
            raise ConfigError(
                f"{self._shown} is there and is no export: name another table with --table"
            )
        if row is None:
            return
        held = ExportManifest(
            format=POSTGRES, dataset=row[0], space=row[1], dimensions=row[2], version=row[3]
        )
        if not replace:
            require_same_export(held, self._exported, self._shown)
        if replace or not is_there or held.version != FORMAT_VERSION:
            self._run("DROP TABLE IF EXISTS {table}")
            self._connection.execute(
                "DELETE FROM semantic_assets_exports WHERE table_name = %s", (self._name,)
            )

    def _create(self) -> None:
        types = _TYPES | {"vector": f"{{schema}}.vector({self._exported.dimensions}) NOT NULL"}
        columns = ", ".join(f"{name} {types.get(name, 'text')}" for name in COLUMNS)
        self._run(f"CREATE TABLE IF NOT EXISTS {{table}} ({columns})")
        self._run("CREATE INDEX IF NOT EXISTS {by_shard} ON {table} (shard)")
        self._note("", "", 0)

    def held(self) -> dict[str, tuple[str, int]]:
        """Map each shard of the table to the fingerprint of its rows and their number."""
        counted = self._run("SELECT shard, count(*) FROM {table} GROUP BY shard").fetchall()
        rows = dict(counted)
        noted = self._connection.execute(
            "SELECT shard, fingerprint FROM semantic_assets_exports "
            "WHERE table_name = %s AND shard <> ''",
            (self._name,),
        ).fetchall()
        fingerprints = dict(noted)
        return {
            shard: (fingerprints.get(shard, ""), rows.get(shard, 0))
            for shard in {*rows, *fingerprints}
        }

    def write(self, shard: ShardRows, tables: Iterable[pa.Table]) -> None:
        """Replace the rows of a shard; rows that are as they were are not touched."""
        columns = ", ".join(COLUMNS)
        changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
        with self._connection.transaction():
            self._run("CREATE TEMP TABLE {staged} (LIKE {table}) ON COMMIT DROP")
            self._copy(f"COPY {{staged}} ({columns}) FROM STDIN", tables)
            self._run(
                f"INSERT INTO {{table}} AS t ({columns}) SELECT {columns} FROM {{staged}} "
                f"ON CONFLICT (id) DO UPDATE SET {changes} "
                "WHERE t.* IS DISTINCT FROM excluded.*"
            )
            self._run(
                "DELETE FROM {table} t WHERE shard = {shard} "
                "AND NOT EXISTS (SELECT 1 FROM {staged} s WHERE s.id = t.id)",
                shard=shard.number,
            )
            self._note(shard.number, shard.fingerprint, len(shard))

    def remove(self, shard: str) -> None:
        with self._connection.transaction():
            self._run("DELETE FROM {table} WHERE shard = {shard}", shard=shard)
            self._connection.execute(
                "DELETE FROM semantic_assets_exports WHERE table_name = %s AND shard = %s",
                (self._name, shard),
            )

    def make_index(self) -> None:
        """Make an HNSW index for cosine distance, of half precision above 2,000 dimensions.

        Raises:
            ConfigError: pgvector cannot index as many dimensions.
        """
        size = self._exported.dimensions
        if size > _MOST_HALVED:
            raise ConfigError(
                f"pgvector indexes up to {_MOST_HALVED} dimensions, not {size}: export without "
                "--index"
            )
        what = "vector {schema}.vector_cosine_ops"
        if size > _MOST_INDEXED:
            what = f"(vector::{{schema}}.halfvec({size})) {{schema}}.halfvec_cosine_ops"
        self._run(f"CREATE INDEX IF NOT EXISTS {{by_vector}} ON {{table}} USING hnsw ({what})")

    def _note(self, shard: str, fingerprint: str, rows: int) -> None:
        """Note which state of a shard the table has."""
        of = self._exported
        self._connection.execute(
            "INSERT INTO semantic_assets_exports VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (table_name, shard) DO UPDATE SET fingerprint = excluded.fingerprint, "
            "rows = excluded.rows, version = excluded.version",
            (
                *(self._name, shard, fingerprint, rows),
                *(of.dataset, of.space, of.dimensions, of.version),
            ),
        )

    def _copy(self, statement: str, tables: Iterable[pa.Table]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(self._composed(statement)) as copy:
            for table in tables:
                for row in _rows(table):
                    copy.write_row(row)

    def _run(self, statement: str, **values: str) -> "psycopg.Cursor[Any]":
        return self._connection.execute(self._composed(statement, **values))

    def _composed(self, statement: str, **values: str) -> "Composed":
        from psycopg.sql import SQL, Identifier, Literal

        return SQL(statement).format(  # of names of our own
            table=Identifier(self._name),
            staged=Identifier("pg_temp", "semantic_assets_staged"),
            schema=Identifier(self._extension),
            by_shard=Identifier(_short(self._name, "_by_shard")),
            by_vector=Identifier(_short(self._name, "_by_vector")),
            **{name: Literal(value) for name, value in values.items()},
        )

    def _one(self, query: str, *values: str) -> Any:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else row[0]


def _short(name: str, ending: str) -> str:
    """Return the name of an index, which Postgres would cut off after 63 bytes."""
    return name.encode()[: 63 - len(ending)].decode(errors="ignore") + ending


def _rows(table: pa.Table) -> Iterator[list[Any]]:
    """Yield rows in the order of COLUMNS; vectors are exact, as the shortest text of each number."""
    plain = table.drop_columns(["vector"]).to_pydict()
    for values in zip(*plain.values(), vectors_in(table), strict=True):
        *row, vector = values
        number = orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY).decode()
        yield [*map(_storable, row), number]


def _storable(value: Any) -> Any:
    """Put U+FFFD for U+0000, which Postgres takes neither in a text nor in JSON."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\\u0000", "\\ufffd")
