"""A backfill over a fleet that loses a worker and its daemon on the way: all ends READY, once."""

from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.fleet.report import table
from tests.fleet.verdict import counts, judge
from tests.services.postgres import missing_for_postgres
from tests.services.redis import missing_for_redis
from tests.services.s3 import needs_s3

if TYPE_CHECKING:
    from tests.fleet.fleet import Fleet


def _missing() -> str | None:
    """Why there can be no fleet here."""
    packages = ("dagster_celery", "dagster_postgres", "psycopg2", "redis")
    absent = [name for name in packages if find_spec(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (deploy/requirements.lock)"
    return missing_for_postgres() or missing_for_redis()


pytestmark = [
    pytest.mark.fleet,
    needs_s3,
    pytest.mark.skipif(bool(_missing()), reason=str(_missing())),
]


def test_a_worker_and_the_daemon_are_killed_and_everything_ends_ready_and_paid_once(
    fleet: "Fleet", capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.fleet.runs import shown

    assert len(fleet.shards()) == len(fleet.datasets)
    one, _ = fleet.start_worker("one"), fleet.start_worker("two")
    daemon = fleet.start_daemon()
    backfill = fleet.launch_backfill()

    fleet.wait_for_runs(len(fleet.datasets) // 4)
    killed = fleet.kill_with_runs(one)
    fleet.start_worker("three")
    fleet.wait_for_runs(len(fleet.datasets) * 5 // 6)
    fleet.kill(daemon)
    fleet.start_daemon()
    fleet.wait_until_done(backfill)

    verdict = judge(fleet.store, fleet.datasets)
    counted = counts(fleet.store) | asdict(verdict)
    with capsys.disabled():
        print(table(counted, shown(fleet.runs), fleet.times))
    assert verdict.wrong() == {}
    states = {run.run_id: run.status.value for run in fleet.runs.all()}
    assert {states[run_id] for run_id in killed} == {"FAILURE"}
    assert fleet.state_of(backfill) == "COMPLETED_SUCCESS"
