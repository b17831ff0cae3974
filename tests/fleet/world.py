"""What the fleet's processes are told: where the lake, the ledger, the queue and Dagster are."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from semantic_assets.settings.settings import PREFIX, Settings, project_dir
from tests.factories import BLANK
from tests.fleet.corpus import files
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.s3 import S3Server

_CELERY = project_dir() / "deploy" / "celery"
#: As many as the workers have processes.
MAX_CONCURRENT_RUNS = 4


def places(s3: S3Server) -> dict[str, str]:
    """The lake and the sources; nothing else says where they are."""
    return {
        PREFIX + "ROOT": s3.url("lake"),
        PREFIX + "SOURCES": s3.url("sources"),
        **s3.environment,
    }


def write_sources(s3: S3Server, datasets: Iterable[str]) -> None:
    for name, content in files(datasets):
        s3.put(f"sources/{name}", content)


def environment(
    folder: Path, *, postgres: PostgresServer, redis: RedisServer, emulator_url: str, s3: S3Server
) -> dict[str, str]:
    """Variables for every process; makes Dagster's home, with the dagster.yaml of deploy/."""
    home = folder / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(_CELERY / "dagster.yaml")
    return {
        **BLANK,
        **_dagster(postgres, redis),
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": f"{project_dir()}:{_CELERY}",
        "PYTHONWARNINGS": "ignore",
        **places(s3),
        PREFIX + "CACHE": str(folder / "cache"),
        PREFIX + "LEDGER_URL": postgres.new_database(),
        PREFIX + "EMULATOR_URL": emulator_url,
        PREFIX + "EMULATOR_DIR": str(folder / "emulator"),
    }


def of_machine(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """The same on a machine of its own: it keeps copies where no other sees them."""
    return {**environ, PREFIX + "CACHE": f"{environ[PREFIX + 'CACHE']}/{name}"}


def settings_of(environ: Mapping[str, str]) -> Settings:
    return Settings.load(environ=environ)


def _dagster(postgres: PostgresServer, redis: RedisServer) -> dict[str, str]:
    url = sa.make_url(postgres.new_database())
    return {
        "DAGSTER_PG_HOST": str(url.host),
        "DAGSTER_PG_PORT": str(url.port),
        "DAGSTER_PG_USERNAME": str(url.username),
        "DAGSTER_PG_PASSWORD": str(url.password),
        "DAGSTER_PG_DB": str(url.database),
        "DAGSTER_MAX_CONCURRENT_RUNS": str(MAX_CONCURRENT_RUNS),
        "PGSSLROOTCERT": str(postgres.authority),
        "CELERY_BROKER_URL": redis.url(0),
        "CELERY_RESULT_BACKEND": redis.url(1),
    }
