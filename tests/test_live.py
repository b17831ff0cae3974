"""End to end through submit, poll and collect. Against the emulator always, against Google on request.

`pytest -m live` with SEMANTIC_ASSETS_BACKEND=gemini and a key: three texts at three sizes, well
under a cent. Polls every 30 seconds and has no time-out: Google answers within a day.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pyarrow.parquet as pq
import pytest

from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.errors import RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.generation_jobs.generate import (
    generation_results,
    generation_status,
    submit_generation,
)
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.emulator import drawn

TEXTS = ("The pilot boards at the fairway buoy.", "Купол закрывают при ветре.", "冷却を始める。")
POLL_SECONDS = 30
_LIVE = {name: os.environ.get(name) for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY")}
_ASKED = os.environ.get("SEMANTIC_ASSETS_BACKEND") == "gemini" and any(_LIVE.values())


@pytest.fixture
def local(tmp_path: Path) -> Iterator[tuple[dict[str, str], Callable[[], None]]]:
    running = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=60)

    def wait() -> None:
        httpx2.post(f"{running.base_url}/emulator/clock", json={"advance_seconds": POLL_SECONDS})

    yield {"SEMANTIC_ASSETS_EMULATOR_URL": running.base_url}, wait
    running.stop()


@pytest.mark.parametrize("dimensions", [768, 256, 3072])
def test_three_chunks_end_to_end_on_the_emulator(
    tmp_path: Path, local: tuple[dict[str, str], Callable[[], None]], dimensions: int
) -> None:
    environ, wait = local
    _end_to_end(tmp_path, environ, wait, dimensions)


@pytest.mark.live
@pytest.mark.skipif(not _ASKED, reason="needs SEMANTIC_ASSETS_BACKEND=gemini and a key")
@pytest.mark.parametrize("dimensions", [768, 256, 3072])
def test_three_chunks_end_to_end_on_google(tmp_path: Path, dimensions: int) -> None:
    key = next(value for value in _LIVE.values() if value)
    environ = {
        "SEMANTIC_ASSETS_BACKEND": "gemini",
        "GEMINI_API_KEY": key,
        "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "0.01",
    }
    _end_to_end(tmp_path, environ, lambda: time.sleep(POLL_SECONDS), dimensions)


TASK = """
model = "gemini-3.5-flash-lite"
system = "Answer in English."
prompt = "What is the text about?\\n\\n{text}"
[schema]
type = "object"
required = ["about"]
properties.about = { type = "string" }
[generation]
temperature = 0
max_output_tokens = 200
"""


def test_answers_end_to_end_on_the_emulator(
    tmp_path: Path, local: tuple[dict[str, str], Callable[[], None]]
) -> None:
    _generated(tmp_path, *local)


@pytest.mark.live
@pytest.mark.skipif(not _ASKED, reason="needs SEMANTIC_ASSETS_BACKEND=gemini and a key")
def test_answers_end_to_end_on_google(tmp_path: Path) -> None:
    """A prompt of text and one of a picture, through batch jobs; a tenth of a cent."""
    key = next(value for value in _LIVE.values() if value)
    environ = {
        "SEMANTIC_ASSETS_BACKEND": "gemini",
        "GEMINI_API_KEY": key,
        "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "0.05",
        "SEMANTIC_ASSETS_UNPROBED": "1",
    }
    _generated(tmp_path, environ, lambda: time.sleep(POLL_SECONDS))


def _generated(tmp_path: Path, environ: dict[str, str], wait: Callable[[], None]) -> None:
    sources, tasks = tmp_path / "sources", tmp_path / "tasks"
    folder = sources / "live" / "answers"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(TEXTS[0])
    (folder / "b.png").write_bytes(drawn.png("red", "circle", "white"))
    tasks.mkdir()
    (tasks / "about.toml").write_text(TASK)
    (tasks / "seen.toml").write_text(TASK.replace("the text about?\\n\\n{text}", "in the picture?"))
    path = tasks / "seen.toml"
    path.write_text("media = true\n" + path.read_text())
    settings = Settings.load(root=tmp_path / "lake", environ=environ)
    settings = replace(settings, sources=sources, tasks=tasks)
    gemini, dataset = Gemini(endpoint_of(settings)), DatasetKey("live", "answers")
    with open_store(settings, create=True) as store:
        for task in ("about", "seen"):
            submit_generation(store, gemini, dataset, task)
        while not all(
            generation_status(store, dataset, task).is_done for task in ("about", "seen")
        ):
            wait()
            advance(store, gemini, submits=False)
        found = [
            row for task in ("about", "seen") for row in generation_results(store, dataset, task)
        ]
    assert [row["status"] for row in found] == ["READY", "READY"], found
    assert all(row["output"]["about"] and row["output_tokens"] for row in found)
    assert not any(name.startswith("sa-") for _, name in gemini.batches.list_files())


def _end_to_end(
    tmp_path: Path, environ: dict[str, str], wait: Callable[[], None], dimensions: int
) -> None:
    sources = tmp_path / "sources"
    for number, text in enumerate(TEXTS):
        path = sources / "live" / "texts" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = Settings.load(root=tmp_path / "lake", environ=environ)
    settings = replace(settings, sources=sources, dimensions=dimensions)
    gemini = Gemini(endpoint_of(settings))
    with open_store(settings, create=True) as store:
        discover(store)
        [shard] = store.ledger.sources.shards()
        read_documents(store, shard.key)
        assert chunk_documents(store, shard.key).chunks == 3
        report = advance(store, gemini)
        assert report.submitted_texts == 3
        while not advance(store, gemini).is_done:
            wait()
        [job] = store.ledger.jobs.list()
    assert job.state == JobState.COLLECTED
    assert (job.succeeded, job.failed) == (3, 0)
    table = pq.read_table(settings.root / "results" / f"space={job.product_id}", partitioning=None)
    vectors = np.asarray(table["vector"].to_pylist(), dtype=np.float64)
    assert vectors.shape == (3, dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert job.input_file is not None
    with pytest.raises(RemoteMissing):
        gemini.batches.delete_file(job.input_file)
