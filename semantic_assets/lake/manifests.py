"""Manifests: the texts of a job, and enough of its identity to rebuild a lost ledger row."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.model.batch_job import BatchJob, stored_job
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import MANIFEST
from semantic_assets.model.task import GenerationTask
from semantic_assets.system.memory import give_back

_JOB, _SPACE, _TASK = "semantic_assets.job", "semantic_assets.space", "semantic_assets.task"


def write_manifest(lake: Lake, job: BatchJob, product: Product, texts: Iterable[pa.Table]) -> None:
    """Write a job's manifest; the texts may lack the media columns of `MANIFEST`."""
    name = _TASK if isinstance(product, GenerationTask) else _SPACE
    metadata = {_JOB: json.dumps(job.as_stored()), name: json.dumps(asdict(product))}
    with lake.writing(layout.manifest(job.job_id), MANIFEST, metadata) as file:
        for piece in texts:
            file.write(_fitted(piece))


def _fitted(piece: pa.Table) -> pa.Table:
    for field in MANIFEST:
        if field.name not in piece.column_names:
            piece = piece.append_column(field, pa.nulls(piece.num_rows, field.type))
    return piece.select(MANIFEST.names).cast(MANIFEST)


def manifest_identity(lake: Lake, job_id: str) -> tuple[BatchJob, Product]:
    """Return a manifest's job, as it was when it was formed, and its product."""
    stored = lake.metadata(layout.manifest(job_id))
    job = stored_job(json.loads(stored[_JOB]))
    if _TASK in stored:
        return job, GenerationTask(**json.loads(stored[_TASK]))
    return job, EmbeddingSpace(**json.loads(stored[_SPACE]))


def manifest_keys(lake: Lake, job_id: str) -> list[str] | None:
    """Return the text hashes of a job; None if its manifest is missing or broken."""
    column = manifest_key_column(lake, job_id)
    if column is None:
        return None
    keys: list[str] = column.to_pylist()
    del column
    give_back()
    return keys


def manifest_key_column(lake: Lake, job_id: str) -> pa.StringArray | None:
    """Return the text hashes of a job as one column; None if its manifest is missing or broken."""
    path = layout.manifest(job_id)
    try:
        if json.loads(lake.metadata(path)[_JOB])["job_id"] != job_id:
            return None  # the manifest of another job
        return lake.read(path, ["text_hash"])["text_hash"].combine_chunks()
    except (FileNotFoundError, BrokenFile, KeyError, ValueError):
        return None


def manifest_estimates(lake: Lake, job_id: str) -> npt.NDArray[np.int64]:
    """Return the estimated tokens of a job's texts, in their order; none if it has no manifest."""
    try:
        table = lake.read(layout.manifest(job_id), ["token_estimate"])
    except (FileNotFoundError, BrokenFile):
        return np.zeros(0, dtype=np.int64)
    found: npt.NDArray[np.int64] = table["token_estimate"].to_numpy().astype(np.int64)
    return found


def manifest_texts(lake: Lake, job_id: str) -> Iterator[tuple[str, str]]:
    """Yield (text_hash, vector_text) of each text, in the manifest's order."""
    with lake.open(layout.manifest(job_id)) as file:
        for batch in file.iter_batches(batch_size=512, columns=["text_hash", "vector_text"]):
            yield from zip(batch[0].to_pylist(), batch[1].to_pylist(), strict=True)


def manifest_requests(lake: Lake, job_id: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a generation job's manifest, in order."""
    with lake.open(layout.manifest(job_id)) as file:
        for batch in file.iter_batches(batch_size=512):
            yield from batch.to_pylist()


def note_unsent(lake: Lake, job_id: str, key: str, reason: str) -> None:
    """Note a text that is left out of a job's file: that it has no answer means nothing."""
    path = layout.unsent(job_id)
    line = json.dumps({"key": key, "reason": reason}, ensure_ascii=False)
    lake.write_text(path, f"{lake.read_text(path) or ''}{line}\n")


def unsent_texts(lake: Lake, job_id: str) -> dict[str, str]:
    """Map the keys that were left out of a job's file to the reason."""
    lines = (lake.read_text(layout.unsent(job_id)) or "").split("\n")
    found = [json.loads(line) for line in lines if line]
    return {note["key"]: note["reason"] for note in found}
