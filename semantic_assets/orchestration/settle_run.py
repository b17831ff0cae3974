"""What a run of `embeddings` does: it waits until its shards are settled, and tells each as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import dagster as dg

from semantic_assets.errors import DatasetRemoved
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.orchestration.asset_template import Event, not_embedded, nothing_to_tell
from semantic_assets.orchestration.failures import failure
from semantic_assets.orchestration.reporting.checks import check_evaluation, check_result
from semantic_assets.orchestration.reporting.columns import column_lineage
from semantic_assets.orchestration.reporting.metadata import (
    Metadata,
    embeddings_metadata,
    progress_observation,
)
from semantic_assets.orchestration.reporting.remedies import (
    NO_MISSING_VECTORS,
    OF_ALL,
    STILL_WAITING,
    remedy_of_check,
    remedy_of_error,
)
from semantic_assets.orchestration.waiting_run import WaitingRun
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.flows.settle import Settling
from semantic_assets.pipeline.reports.checks import Check, check_shard
from semantic_assets.pipeline.scheduling.batch_runs import embeddings_request
from semantic_assets.pipeline.scheduling.given_up import check_shard_requests
from semantic_assets.store import Store

Told = Iterator[Event]


@dataclass(slots=True)
class SettleRun:
    """One run over some shards, and what went wrong in it."""

    context: dg.AssetExecutionContext
    store: Store
    gemini: Gemini
    #: Messages, each with its remedy.
    wrong: list[tuple[str, str]] = field(default_factory=list)
    _has_verdicts: bool = False

    def events(self, shards: Sequence[ShardKey], run: WaitingRun) -> Told:
        """Yield the materialization and the checks of each shard when its texts have outcomes.

        Raises:
            dagster.Failure: a shard was waited for in vain, has no vector at all, or is broken. The
                others are materialized.
        """
        told = run.told()
        wanted = [shard for shard in shards if str(shard) not in told]
        embedded = [shard for shard in wanted if self.store.is_embedded(shard.dataset)]
        for shard in wanted:
            if shard not in embedded:
                yield self._nothing(shard, not_embedded(shard.dataset))
        seconds = self.store.settings.wait_minutes * 60 - run.waited_seconds
        settling = Settling(self.store, self.gemini, embedded, max(0.0, seconds))
        settling.is_left = lambda: run.makes_room(settling)
        for report in settling.reports():
            yield from self._settled(report)
        yield from self._not_settled(settling)
        yield from self._outputs_of_checks()
        if self.wrong:
            raise failure(
                "; ".join(message for message, _ in self.wrong),
                " ".join(dict.fromkeys(remedy for _, remedy in self.wrong)),
            )

    def _settled(self, report: EmbeddingsReport) -> Told:
        """Tell a settled shard: green if there is a vector in it, or nothing to embed."""
        shard, store = report.shard, self.store
        checks = [*check_shard(store, shard), check_shard_requests(store)]
        store.ledger.requests.done(*embeddings_request(store, shard))
        if report.ready or not report.chunks:
            path = layout.embeddings(report.space_id, shard)
            yield self._materialized(shard, embeddings_metadata(store, path, report))
        else:
            message = f"{shard}: none of its {report.chunks} chunks has a vector: all FAILED"
            self.wrong.append((message, remedy_of_check(NO_MISSING_VECTORS, str(shard))))
        for check in checks:
            yield self._verdict(shard, check)

    def _not_settled(self, settling: Settling) -> Told:
        for shard, error in settling.failed.items():
            if isinstance(error, DatasetRemoved):
                yield self._nothing(shard, str(error))
            else:
                self.wrong.append((f"{shard}: {error}", remedy_of_error(error)))
        for report in settling.pending.values():
            self.context.log_event(progress_observation(self.context.asset_key, report))
        if settling.pending and not settling.was_left:
            self.wrong.append((_in_vain(settling), STILL_WAITING))

    def _nothing(self, shard: ShardKey, reason: str) -> Event:
        self.context.log.info(reason)
        return self._materialized(shard, nothing_to_tell(reason))

    def _materialized(self, shard: ShardKey, metadata: Metadata) -> Event:
        """Return the event of one partition; a result would be that of all partitions of a run."""
        if self.context.has_partition_key:
            return dg.MaterializeResult(metadata=metadata)
        key = self.context.asset_key
        told = {**metadata, **column_lineage(key)}
        return dg.AssetMaterialization(key, partition=str(shard), metadata=told)

    def _verdict(self, shard: ShardKey, check: Check) -> Event:
        if not self.context.has_partition_key:
            partition = None if check.name in OF_ALL else str(shard)
            return check_evaluation(self.context.asset_key, check, partition)
        self._has_verdicts = True
        return check_result(check)

    def _outputs_of_checks(self) -> Told:
        """Yield what Dagster requires of each check, where its verdict was an event or is to come."""
        names = (
            set()
            if self._has_verdicts
            else {*self.context.op_execution_context.selected_output_names} - {"result"}
        )
        for name in sorted(names):
            yield dg.Output(None, output_name=name)


def _in_vain(settling: Settling) -> str:
    chunks = sum(report.pending for report in settling.pending.values())
    return (
        f"{', '.join(map(str, settling.pending))}: {chunks} chunks have no outcome after "
        f"{settling.waited_seconds / 60:.0f} minutes: {settling.reason}"
    )
