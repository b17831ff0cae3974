"""Requests and outcomes of tasks as Dagster metadata, with thumbnails of images."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import dagster as dg
import pyarrow as pa

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import FINAL
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import GENERATIONS
from semantic_assets.orchestration.reporting.columns import BATCH_JOBS
from semantic_assets.orchestration.reporting.numbers import dollars, is_charged
from semantic_assets.orchestration.reporting.samples import job_row, sample
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.generation_jobs.generation_queue import GenerationQueue, images_of
from semantic_assets.store import Store
from semantic_assets.text.foreign import markdown, visible

#: A line for each task of a shard.
TASKS = pa.schema(
    [
        pa.field("task", pa.string(), nullable=False),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("ready", pa.int64(), nullable=False),
        pa.field("failed", pa.int64(), nullable=False),
        pa.field("pending", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("output_tokens", pa.int64(), nullable=False),
        pa.field("usd", pa.float64(), nullable=False),
    ]
)
QUEUE = pa.schema(
    [
        pa.field("task", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("requests", pa.int64(), nullable=False),
        pa.field("in_flight", pa.int64(), nullable=False),
        pa.field("waiting", pa.int64(), nullable=False),
        pa.field("refused", pa.int64(), nullable=False),
        pa.field("usd_waiting_estimated", pa.float64(), nullable=False),
    ]
)
_JOBS, _ROWS, _THUMBNAILS, _PIXELS = 20, 5, 6, 120
Metadata = Mapping[str, Any]


def generation_jobs_metadata(
    store: Store, queues: Sequence[GenerationQueue], submitted: int, blocked_by: str | None
) -> Metadata:
    """Return the requests of the tasks, with the numbers in flight and waiting."""
    jobs = [job for queue in queues for job in queue.open_jobs][:_JOBS]
    rows = [{name: getattr(queue, name) for name in QUEUE.names} for queue in queues]
    return {
        "tasks": len(queues),
        "jobs_submitted": submitted,
        "held_back": visible(blocked_by or "no"),
        "requests": sum(queue.requests for queue in queues),
        "requests_in_flight": sum(queue.in_flight for queue in queues),
        "requests_waiting": sum(queue.waiting for queue in queues),
        "requests_refused": sum(queue.refused for queue in queues),
        **dollars(store, batch_usd_waiting_estimated=sum(q.usd_waiting_estimated for q in queues)),
        "by_task": sample(rows, _charged(store, QUEUE)),
        "jobs": sample((job_row(job) for job in jobs if job.state not in FINAL), BATCH_JOBS),
    }


def generations_metadata(
    store: Store, shard: ShardKey, reports: Sequence[OutputsReport]
) -> Metadata:
    """Return the progress and the cost of each task, and its first rows."""
    rows = [{name: getattr(report, name) for name in TASKS.names} for report in reports]
    return {
        "dagster/partition_row_count": sum(report.ready + report.failed for report in reports),
        "tasks": len(reports),
        "documents_ready": sum(report.ready for report in reports),
        "documents_failed": sum(report.failed for report in reports),
        "documents_pending": sum(report.pending for report in reports),
        "tokens": sum(report.tokens for report in reports),
        "output_tokens": sum(report.output_tokens for report in reports),
        **dollars(store, batch_usd=sum(report.usd for report in reports)),
        "by_task": sample(rows, _charged(store, TASKS)),
        **_samples(store, shard),
        **_thumbnails(store, shard),
    }


def _charged(store: Store, schema: pa.Schema) -> pa.Schema:
    """Leave out the dollars where nothing is charged."""
    shown = [field for field in schema if is_charged(store) or not field.name.startswith("usd")]
    return pa.schema(shown)


def _samples(store: Store, shard: ShardKey) -> Metadata:
    shown = pa.schema(
        [
            GENERATIONS.field(name)
            for name in ("document_id", "status", "output", "error_message", "tokens")
        ]
    )
    found = {}
    for pinned in store.ledger.tasks.of(shard.dataset, stopped=True):
        path = layout.outputs(pinned.task.task_id, shard)
        if store.lake.exists(path):
            rows = store.lake.head(path, shown.names, _ROWS).to_pylist()
            found[f"sample_{pinned.task.name}"] = sample(rows, shown)
    return found


def _thumbnails(store: Store, shard: ShardKey) -> Metadata:
    """Return the first images of a shard, small; Dagster's UI shows images from data URIs alone."""
    shown = []
    for title, uri in images_of(store, shard, limit=_THUMBNAILS):
        if encoded := _thumbnail(store, uri):
            name = markdown(title)
            shown.append(f"![{name}](data:image/jpeg;base64,{encoded}) {name}")
    return {"images": dg.MetadataValue.md("\n\n".join(shown))} if shown else {}


def _thumbnail(store: Store, uri: str) -> str | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(store.sources.local(uri)) as image:
            small = image.convert("RGB")
            small.thumbnail((_PIXELS, _PIXELS))
    except (
        OSError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        ValueError,
        SemanticAssetsError,
    ):
        return None  # the table says what Google made of it
    out = BytesIO()
    small.save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode()
