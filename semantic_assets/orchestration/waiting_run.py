"""A run that waits for batches, and makes room: it never keeps a place that another run needs.

Where all places of Dagster's queue are taken and others wait for one, it puts a run like itself at the
end of the queue and ends. The backfill it belongs to goes on, because that run has its tags.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES
from dagster._core.storage.tags import PRIORITY_TAG

from semantic_assets.orchestration.known_runs import partitions_of
from semantic_assets.pipeline.flows.settle import Settling
from semantic_assets.pipeline.pending.products import settled_shards

#: How many of its partitions a run in the queue waits for: it is of no use before one is settled.
WAITS_FOR = "semantic_assets/waits_for_partitions"
#: For how many seconds the runs before it waited, and which was the first of them.
_WAITED, _FIRST = "semantic_assets/waited_seconds", "semantic_assets/waits_since_run"
#: How long a run waits at least: making room costs the start of another.
_TURN_SECONDS = 30.0
#: How long at most, so that it is not ended by `max_runtime_seconds`.
_LONGEST_TURN_SECONDS = 3600.0
_LAST_OF_THE_QUEUE = "-10"


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """The run of a context, as one of several that wait one after the other."""

    context: dg.AssetExecutionContext
    keys: Sequence[str]
    clock: Callable[[], float] = time.monotonic
    began: float = field(default_factory=time.monotonic)

    @property
    def waited_seconds(self) -> float:
        """For how long the runs before this one waited."""
        return float(self._run.tags.get(_WAITED, 0.0))

    def told(self) -> set[str]:
        """Return the partitions that the runs before this one materialized."""
        first = self._run.tags.get(_FIRST)
        if first is None:
            return set()
        later = self._instance.get_runs(dg.RunsFilter(tags={_FIRST: first}))
        events = [
            record.event_log_entry.dagster_event
            for run_id in {first, *(run.run_id for run in later)}
            for record in self._instance.get_records_for_run(
                run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
            ).records
        ]
        return {
            event.partition
            for event in events
            if event and event.partition and event.asset_key == self.context.asset_key
        }

    def makes_room(self, settling: Settling) -> bool:
        """Put a run that goes on into the queue if another needs this one's place."""
        if not self._is_wanted_elsewhere(settling):
            return False
        left = {str(shard) for shard in settling.pending}
        seconds = self.waited_seconds + settling.waited_seconds
        run_id = self._enqueue(
            {
                WAITS_FOR: str(len(left)),
                _WAITED: f"{seconds:.0f}",
                _FIRST: self._run.tags.get(_FIRST, self._run.run_id),
                PRIORITY_TAG: _LAST_OF_THE_QUEUE,
            }
        )
        self.context.log.info(
            f"other runs need this place of the queue: run {run_id} goes on waiting for "
            f"{len(left)} partitions when there is room"
        )
        return True

    @property
    def _instance(self) -> dg.DagsterInstance:
        instance: dg.DagsterInstance = self.context.instance
        return instance

    @property
    def _run(self) -> dg.DagsterRun:
        return self.context.run

    def _is_wanted_elsewhere(self, settling: Settling) -> bool:
        waited = self.clock() - self.began
        if waited < _TURN_SECONDS or not self._is_queued():
            return False
        return waited > _LONGEST_TURN_SECONDS or (
            self._has_no_room() and self._has_others(settling)
        )

    def _is_queued(self) -> bool:
        """Say whether this run came out of the queue: one of a command line cannot be put there."""
        coordinator = self._instance.run_coordinator
        return self._run.remote_job_origin is not None and isinstance(
            coordinator, QueuedRunCoordinator
        )

    def _has_no_room(self) -> bool:
        queue = self._instance.get_concurrency_config().run_queue_config
        limit = -1 if queue is None else queue.max_concurrent_runs
        running = dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES)
        return 0 <= limit <= self._instance.get_runs_count(running)

    def _has_others(self, settling: Settling) -> bool:
        """Say whether a run of the queue has something to do: one that waits too has nothing yet."""
        queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        settled = {str(shard) for shard in settled_shards(settling.store)}
        return any(self._is_of_use(run, settled) for run in self._instance.get_runs(queued))

    def _is_of_use(self, run: dg.DagsterRun, settled: set[str]) -> bool:
        waits_for = run.tags.get(WAITS_FOR)
        left = {*partitions_of(run, self.keys)} - settled
        return waits_for is None or len(left) < int(waits_for)

    def _enqueue(self, tags: dict[str, str]) -> str:
        run, instance = self._run, self._instance
        assert run.job_snapshot_id
        assert run.execution_plan_snapshot_id
        later = instance.create_run(
            job_name=run.job_name,
            run_id=None,
            run_config=run.run_config,
            status=None,
            tags={**run.tags, **tags},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=run.step_keys_to_execute,
            execution_plan_snapshot=instance.get_execution_plan_snapshot(
                run.execution_plan_snapshot_id
            ),
            job_snapshot=instance.get_job_snapshot(run.job_snapshot_id),
            parent_job_snapshot=None,
            asset_selection=run.asset_selection,
            asset_check_selection=run.asset_check_selection,
            resolved_op_selection=run.resolved_op_selection,
            op_selection=run.op_selection,
            remote_job_origin=run.remote_job_origin,
            job_code_origin=run.job_code_origin,
            asset_graph=self.context.repository_def.asset_graph,
        )
        # The queue looks at the run alone, and not at the workspace, which is the daemon's.
        instance.submit_run(later.run_id, workspace=None)  # type: ignore[arg-type]
        return later.run_id
