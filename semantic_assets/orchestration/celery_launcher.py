"""A launcher of runs as Celery tasks that also notices a run whose worker was killed.

Named in deploy/celery/dagster.yaml; nothing else imports it, and it needs the extra `celery`.
"""

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

#: How long a worker has to answer, and how often it is asked. One that is busy answers all the
#: same: its runs are in processes of their own.
_ANSWER_SECONDS = 3.0
_ASKED = 2


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """A Celery run launcher that asks the worker whether it still has the run.

    Celery keeps a task as STARTED until its worker says otherwise. A worker that was killed says
    nothing, and for Dagster's own launcher the run would go on until its maximum runtime.
    """

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return FAILED if the run's worker does not answer, or has no such run."""
        found = super().check_run_worker_health(run)
        if found.status != WorkerStatus.RUNNING:
            return found
        task_id = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        worker = self._worker_of(task_id)
        if worker is None or self._has(worker, task_id):
            return found
        again = super().check_run_worker_health(run)  # it may just have ended
        if again.status != WorkerStatus.RUNNING:
            return again
        return CheckRunHealthResult(WorkerStatus.FAILED, f"worker {worker} has no such run")

    def _worker_of(self, task_id: str) -> str | None:
        """Return the worker of a running task; while it runs, the task's result names it."""
        said = self.celery.AsyncResult(task_id).info
        return said.get("hostname") if isinstance(said, dict) else None

    def _has(self, worker: str, task_id: str) -> bool:
        inspect = self.celery.control.inspect(destination=[worker], timeout=_ANSWER_SECONDS)
        for _ in range(_ASKED):
            answer = inspect.query_task(task_id)
            if answer is not None:
                return task_id in answer.get(worker, {})
        return False
