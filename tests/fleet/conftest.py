"""The fleet: left out unless `-m` names it, as it takes minutes and the whole machine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fleet import corpus
from tests.services.postgres import postgres_server
from tests.services.redis import redis_server
from tests.services.s3 import s3_server

if TYPE_CHECKING:  # needs the extra celery
    from tests.fleet.fleet import Fleet

#: How long a batch job takes.
_LATENCY_SECONDS = 4.0


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    mark_expression = str(config.getoption("markexpr"))
    return None if re.search(r"\bfleet\b", mark_expression) else True


@pytest.fixture
def datasets(pytestconfig: pytest.Config) -> list[str]:
    """What it has to do: a third of it where the run is a short one."""
    return corpus.names(corpus.DATASETS if pytestconfig.getoption("full") else corpus.FEW_DATASETS)


@pytest.fixture
def fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datasets: list[str]
) -> Iterator["Fleet"]:
    """Servers that run, sources that are registered; no worker and no daemon yet."""
    from tests.fleet.fleet import opened_fleet
    from tests.fleet.parts import running_parts
    from tests.fleet.world import environment, write_sources

    with (
        postgres_server(encrypted=True) as postgres,
        redis_server() as redis,
        s3_server() as s3,
        running_parts(tmp_path / "logs") as parts,
    ):
        url = parts.emulator(tmp_path / "emulator", _LATENCY_SECONDS)
        environ = environment(tmp_path, postgres=postgres, redis=redis, emulator_url=url, s3=s3)
        for name, value in environ.items():  # Dagster's instance is opened here too
            monkeypatch.setenv(name, value)
        write_sources(s3, datasets)
        with opened_fleet(parts, environ, datasets) as opened:
            yield opened
