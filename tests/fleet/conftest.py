"""The fleet: left out unless `-m` names it, as it takes minutes and the whole machine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Fleet"]:
    """Servers that run, sources that are registered; no worker and no daemon yet."""
    from tests.fleet.fleet import opened_fleet
    from tests.fleet.parts import running_parts
    from tests.fleet.world import environment, write_sources

    with (
        postgres_server() as postgres,
        redis_server() as redis_url,
        s3_server() as s3,
        running_parts(tmp_path / "logs") as parts,
    ):
        url = parts.emulator(tmp_path / "emulator", _LATENCY_SECONDS)
        environ = environment(
            tmp_path, postgres=postgres, redis_url=redis_url, emulator_url=url, s3=s3
        )
        for name, value in environ.items():  # Dagster's instance is opened here too
            monkeypatch.setenv(name, value)
        write_sources(s3)
        with opened_fleet(parts, environ) as opened:
            yield opened
