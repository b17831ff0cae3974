"""Manifests: the texts of a job, and enough of its identity to rebuild a lost ledger row."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.lake.files import Lake
from semantic_assets.model.jobs import BatchJob
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import MANIFEST

_JOB, _SPACE = "semantic_assets.job", "semantic_assets.space"


def write_manifest(
    lake: Lake, job: BatchJob, space: EmbeddingSpace, texts: Iterable[pa.Table]
) -> None:
    """Make a job's texts durable: columns text_hash, vector_text, token_estimate."""
    metadata = {_JOB: json.dumps(asdict(job)), _SPACE: json.dumps(asdict(space))}
    with lake.writing(layout.manifest(job.job_id), MANIFEST, metadata) as file:
        for piece in texts:
            file.write(piece.cast(MANIFEST))


def manifest_identity(lake: Lake, job_id: str) -> tuple[dict[str, Any], EmbeddingSpace]:
    """The job a manifest belongs to, as it was when it was formed, and its space."""
    stored = lake.metadata(layout.manifest(job_id))
    return json.loads(stored[_JOB]), EmbeddingSpace(**json.loads(stored[_SPACE]))


def manifest_keys(lake: Lake, job_id: str) -> list[str] | None:
    """The text hashes of a job; None where its manifest is not there."""
    column = manifest_key_column(lake, job_id)
    return None if column is None else column.to_pylist()


def manifest_key_column(lake: Lake, job_id: str) -> pa.StringArray | None:
    """As `manifest_keys`, in one column."""
    try:
        return lake.read(layout.manifest(job_id), ["text_hash"])["text_hash"].combine_chunks()
    except FileNotFoundError:
        return None


def manifest_texts(lake: Lake, job_id: str) -> Iterator[tuple[str, str]]:
    """(text_hash, vector_text) of each text, in the manifest's order."""
    with lake.open(layout.manifest(job_id)) as file:
        for batch in file.iter_batches(batch_size=512, columns=["text_hash", "vector_text"]):
            yield from zip(batch[0].to_pylist(), batch[1].to_pylist(), strict=True)
