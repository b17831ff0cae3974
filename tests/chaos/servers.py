"""A bucket and a database for lakes that are on no machine: started once, a place for each world."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import sqlalchemy as sa

from tests.harms import Harm
from tests.services.postgres import PostgresServer, missing_for_postgres, postgres_server
from tests.services.s3 import S3Server, s3_server

#: Of this process and those forked from it.
_running: list["Servers"] = []

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('chaos'))"


def running_servers() -> "Servers | None":
    return _running[0] if _running else None


@contextmanager
def servers() -> Iterator[None]:
    """Where Postgres cannot be run nothing is, and why is printed."""
    if missing := missing_for_postgres():
        print(f"chaos --far is left out: {missing}")
        raise SystemExit(0)
    with postgres_server() as postgres, s3_server() as s3:
        os.environ.update(s3.environment)
        _running.append(Servers(postgres, s3))
        yield


@dataclass(frozen=True, slots=True)
class Servers:
    postgres: PostgresServer
    s3: S3Server

    def lake_url(self, place: str) -> str:
        return self.s3.url(place)

    def ledger_url(self, place: str) -> str:
        """Address of the place's schema, which is made where there is none."""
        schema = _schema(place)
        # IF NOT EXISTS fails where two processes of one world make the schema at once.
        self._run(_ONE_AT_A_TIME, f"CREATE SCHEMA IF NOT EXISTS {schema}")
        url = self.postgres.url.update_query_dict({"options": f"-csearch_path={schema}"})
        return url.render_as_string(hide_password=False)

    def keep_copy(self, place: str) -> None:
        """Of ledger and objects, as a backup would."""
        kept = f"{_schema(place)}_copy"
        self._run(f"DROP SCHEMA IF EXISTS {kept} CASCADE", f"CREATE SCHEMA {kept}")
        for table in self._tables(place):
            self._run(f"CREATE TABLE {kept}.{table} AS TABLE {_schema(place)}.{table}")
        for key in self._keys(f"{place}/"):
            self._copy(key, f"copy-{key}")

    def lose_ledger(self, place: str) -> None:
        self._run(f"DROP SCHEMA {_schema(place)} CASCADE")

    def bring_back_ledger(self, place: str) -> None:
        schema = _schema(place)
        for table in self._tables(place):
            self._run(
                f"TRUNCATE {schema}.{table}",
                f"INSERT INTO {schema}.{table} SELECT * FROM {schema}_copy.{table}",
            )

    def lose(self, place: str, folders: Iterable[str]) -> None:
        for folder in folders:
            for key in self._keys(f"{place}/{folder}/"):
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def bring_back(self, place: str, folders: Iterable[str]) -> None:
        for folder in folders:
            self.lose(place, [folder])
            for key in self._keys(f"copy-{place}/{folder}/"):
                self._copy(key, key.removeprefix("copy-"))

    def has(self, place: str, folder: str) -> bool:
        return bool(self._keys(f"{place}/{folder}/"))

    def put_back(self, place: str, path: str) -> None:
        """One object, from the copy."""
        self._copy(f"copy-{place}/{path}", f"{place}/{path}")

    def harm(self, place: str, folder: str, harm: Harm) -> None:
        """Let something happen to the first object of a folder."""
        keys = self._keys(f"{place}/{folder}/")
        with tempfile.TemporaryDirectory() as name:
            for key in keys:
                path = Path(name) / key
                path.parent.mkdir(parents=True, exist_ok=True)
                self._client.download_file(self._bucket, key, str(path))
            path = Path(name) / keys[0]
            harm(path)
            self._client.delete_object(Bucket=self._bucket, Key=keys[0])
            if path.exists():
                self._client.upload_file(str(path), self._bucket, keys[0])

    def _copy(self, source: str, target: str) -> None:
        self._client.copy_object(
            Bucket=self._bucket, Key=target, CopySource={"Bucket": self._bucket, "Key": source}
        )

    def _keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    @property
    def _bucket(self) -> str:
        return self.s3.url("").removeprefix("s3://").strip("/")

    @property
    def _client(self):  # type: ignore[no-untyped-def]
        """Not the package's own: it would not survive the forks that follow."""
        return boto3.client("s3", endpoint_url=self.s3.endpoint)

    def _tables(self, place: str) -> list[str]:
        query = sa.text(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = :schema"
        )
        engine = sa.create_engine(self.postgres.url)
        with engine.connect() as connection:
            found = connection.execute(query, {"schema": _schema(place)}).scalars().all()
        engine.dispose()
        return list(found)

    def _run(self, *statements: str) -> None:
        engine = sa.create_engine(self.postgres.url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()


def _schema(place: str) -> str:
    return re.sub(r"\W", "_", place)
