"""Daemon, UI and workers of the Celery fleet speak to Redis and Postgres by TLS alone."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from dagster._config import process_config

from tests.deploy.given import CELERY, read_yaml, taken
from tests.services.postgres import missing_for_postgres, postgres_server
from tests.services.redis import RedisServer, missing_for_redis, redis_server

Side = Literal["launcher", "worker"]

needs_redis = pytest.mark.skipif(bool(missing_for_redis()), reason=str(missing_for_redis()))
needs_postgres = pytest.mark.skipif(
    bool(missing_for_postgres() or missing_for_redis()), reason="no Postgres, or no certificates"
)
on_each_side = pytest.mark.parametrize("side", ["launcher", "worker"])


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@contextmanager
def _celery(side: Side, url_of: Mapping[str, str]) -> Iterator[Any]:
    """The Celery of daemon and UI, as dagster.yaml makes it, or that of a worker."""
    pytest.importorskip("dagster_celery")
    from dagster_celery.make_app import make_app

    from semantic_assets.orchestration.celery_launcher import WatchedCeleryRunLauncher as Launcher

    with pytest.MonkeyPatch.context() as patch:
        for name, url in url_of.items():
            patch.setenv(name, url)
        patch.syspath_prepend(CELERY)
        named = read_yaml(CELERY / "dagster.yaml")["run_launcher"]
        config = taken(named["module"], named["class"], named["config"])
        yield Launcher(**config).celery if side == "launcher" else make_app()


def _urls(server: RedisServer, password: str | None = None) -> dict[str, str]:
    given = {} if password is None else {"password": password}
    return {
        "CELERY_BROKER_URL": server.url(0, **given),
        "CELERY_RESULT_BACKEND": server.url(1, **given),
    }


def _refusals(side: Side, urls: Mapping[str, str]) -> list[str]:
    """What broker and results say to a connection; nothing where they take it."""
    with _celery(side, urls) as app:
        asked = (
            lambda: app.connection().ensure_connection(max_retries=1, interval_start=0),
            lambda: app.backend.client.ping(),
        )
        return [said for ask in asked if (said := _refusal(ask))]


def _refusal(ask: Any) -> str:
    try:
        ask()
    except Exception as refused:  # of kombu's, of redis's and of ssl's kinds
        return str(refused)
    return ""


@needs_redis
@on_each_side
def test_redis_is_spoken_to_by_tls_with_its_password(side: Side, redis: RedisServer) -> None:
    assert _refusals(side, _urls(redis)) == []
    wrong = _refusals(side, _urls(redis, password="guessed"))
    assert len(wrong) == 2
    assert all("password" in said for said in wrong)


@needs_redis
@on_each_side
def test_a_redis_with_another_certificate_gets_nothing(side: Side, redis: RedisServer) -> None:
    of_another_name = replace(redis, host="localhost")
    with redis_server() as other:
        of_another_authority = replace(redis, authority=other.authority)
        for server in (of_another_name, of_another_authority):
            refused = _refusals(side, _urls(server))
            assert len(refused) == 2
            assert all("CERTIFICATE_VERIFY_FAILED" in said for said in refused)


@needs_redis
@on_each_side
@pytest.mark.parametrize("scheme", ["rediss", "redis"])
def test_an_address_that_says_nothing_of_certificates_is_no_way_around_them(
    side: Side, scheme: str, redis: RedisServer
) -> None:
    bare = {
        name: url.partition("?")[0].replace("rediss", scheme) for name, url in _urls(redis).items()
    }
    refused = _refusals(side, bare)
    assert len(refused) == 2
    assert all("CERTIFICATE_VERIFY_FAILED" in said for said in refused)


@needs_postgres
def test_postgres_is_spoken_to_by_tls_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    utils = pytest.importorskip("dagster_postgres.utils")
    with postgres_server(encrypted=True) as server:
        given = {
            "DAGSTER_PG_HOST": str(server.url.host),
            "DAGSTER_PG_PORT": str(server.port),
            "DAGSTER_PG_USERNAME": "postgres",
            "DAGSTER_PG_PASSWORD": str(server.url.password),
            "DAGSTER_PG_DB": "postgres",
            "PGSSLROOTCERT": str(server.authority),
        }

        def refusal(**changed: str) -> str:
            for name, value in {**given, **changed}.items():
                monkeypatch.setenv(name, value)
            config = read_yaml(CELERY / "dagster.yaml")["storage"]["postgres"]
            url = utils.pg_url_from_config(process_config(utils.pg_config(), config).value)
            engine = sa.create_engine(url, poolclass=sa.NullPool)
            return _refusal(lambda: engine.connect().close())

        assert refusal() == ""
        assert "password authentication failed" in refusal(DAGSTER_PG_PASSWORD="guessed")
        assert "does not match host" in refusal(DAGSTER_PG_HOST="localhost")
        assert "root certificate" in refusal(PGSSLROOTCERT=os.devnull)
