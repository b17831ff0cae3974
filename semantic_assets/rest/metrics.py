"""The metrics of /metrics, in the text format of Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from semantic_assets.model.batch_job import Stage
from semantic_assets.pipeline.reports.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one server; nothing is kept over a restart."""

    def __init__(self, shared: Path | None = None) -> None:
        """Count; in files of the folder `shared`, where other workers count too."""
        self._registry = CollectorRegistry()
        self._shared = shared
        self._requests = Counter(
            "semantic_assets_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "semantic_assets_http_seconds",
            "Seconds to answer.",
            ["method", "route"],
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self, status: Status) -> bytes:
        counted = self._registry
        if self._shared is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, path=str(self._shared))  # type: ignore[no-untyped-call]
        gauges = CollectorRegistry()
        gauges.register(_Gauges(status))
        return generate_latest(counted) + generate_latest(gauges)


@dataclass(frozen=True, eq=False)
class _Gauges(Collector):
    """What is read from the lake when it is asked for."""

    status: Status

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in _values(self.status).items():
            yield GaugeMetricFamily(f"semantic_assets_{name}", _GAUGES[name], value)


_GAUGES = {
    "documents": "Documents read.",
    "documents_waiting": "Documents that wait to be chunked.",
    "chunks": "Chunks.",
    "pending_texts": "Texts that wait to be sent.",
    "open_jobs": "Batch jobs that are not final.",
    "failed_jobs": "Batch jobs that did not end well, all of them ever.",
    "quarantined_jobs": "Batch jobs whose answers a person must decide about.",
    "damaged_jobs": "Batch jobs whose paid results file is missing or altered.",
    "batch_usd": "Dollars for batches so far.",
    "committed_usd": "Dollars committed by jobs that are out.",
    "possibly_billed_usd": "Dollars that may have been billed for nothing.",
    "is_paused": "1 where submission is paused.",
}


def _values(status: Status) -> dict[str, float]:
    bill = status.bill
    return {
        "documents": status.documents,
        "documents_waiting": status.documents_waiting,
        "chunks": status.chunks,
        "pending_texts": bill.pending_texts,
        "open_jobs": len(status.open_jobs),
        "failed_jobs": status.stages.get(Stage.FAILED, 0),
        "quarantined_jobs": status.quarantined_jobs,
        "damaged_jobs": status.damaged_jobs,
        "batch_usd": bill.batch_usd,
        "committed_usd": bill.committed_usd,
        "possibly_billed_usd": bill.possibly_billed_usd,
        "is_paused": float(status.paused is not None),
    }
