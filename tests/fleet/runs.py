"""Dagster's runs as its storage has them, and their workers as Celery has them."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from celery import Celery
from dagster._core.storage.dagster_run import FINISHED_STATUSES, RunsFilter
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from tests.fleet.parts import Parts
from tests.fleet.report import ShownRun

_GRAPHQL = str(Path(sys.executable).parent / "dagster-graphql")
_LAUNCH = (
    "mutation ($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {"
    " __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"
)
#: Those of the job embed_shard.
_ASSETS = ("documents", "generation_jobs", "generations", "chunks", "batch_jobs")
_BEGUN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def launch_backfill(parts: Parts, environ: Mapping[str, str], shards: list[str]) -> str:
    """What the UI sends for a backfill of these shards by the assets of `embed_shard`; its id."""
    selection = [{"path": [name]} for name in _ASSETS]
    given = {"given": {"assetSelection": selection, "partitionNames": shards}}
    arguments = ["-w", "workspace.yaml", "-t", _LAUNCH, "-v", json.dumps(given)]
    said = parts.run("backfill", environ, _GRAPHQL, *arguments)
    [printed] = [line for line in said.splitlines() if line.startswith("{")]  # beside its log
    answer = json.loads(printed)["data"]["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    return str(answer["backfillId"])


@dataclass(frozen=True, slots=True)
class Runs:
    instance: dg.DagsterInstance
    celery: Celery

    def all(self) -> list[dg.DagsterRun]:
        """The latest first."""
        return list(self.instance.get_runs())

    def held_by(self, worker: str) -> list[str]:
        """Ids of the runs that it has taken and that have steps left to do."""
        begun = self.instance.get_runs(RunsFilter(statuses=_BEGUN))
        held = [run for run in begun if self.worker_of(run) == worker]
        return [run.run_id for run in held if not self.did_every_step(run)]

    def did_every_step(self, run: dg.DagsterRun) -> bool:
        """Also of one that was killed before it said so: there is nothing to start again."""
        plan = self.instance.get_execution_plan_snapshot(str(run.execution_plan_snapshot_id))
        done = self.instance.get_run_stats(run.run_id).steps_succeeded
        return done == len(plan.step_keys_to_execute)

    def worker_of(self, run: dg.DagsterRun) -> str | None:
        """Its name before the @; None if none took the run."""
        task = self.celery.AsyncResult(run.tags.get(DAGSTER_CELERY_TASK_ID_TAG, "none"))
        info = task.info if task.state == "STARTED" else None
        node = info["hostname"] if isinstance(info, dict) else task.worker
        return None if node is None else str(node).partition("@")[0]


def finished(runs: Iterable[dg.DagsterRun]) -> int:
    return sum(run.status in FINISHED_STATUSES for run in runs)


def shown(runs: Runs) -> list[ShownRun]:
    found = []
    for record in runs.instance.get_run_records():
        run, start, end = record.dagster_run, record.start_time, record.end_time
        job = "backfill" if run.tags.get("dagster/backfill") else run.job_name
        seconds = None if start is None or end is None else end - start
        found.append(ShownRun(job, run.status.value, runs.worker_of(run) or "none", seconds))
    return found


def not_made_good(runs: Runs) -> list[str]:
    """Runs that did not succeed, left a step undone, and that no later one made good."""
    found, is_done = [], set()
    for run in runs.all():  # the latest first
        work = (run.job_name, run.tags.get("dagster/partition"))
        if run.status == dg.DagsterRunStatus.SUCCESS:
            is_done.add(work)
        elif work not in is_done and not runs.did_every_step(run):
            found.append(f"{run.job_name} {run.run_id} {run.status.value}")
    return found
