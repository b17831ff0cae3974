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

from semantic_assets.config import Settings
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.errors import RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.jobs import JobState
from semantic_assets.store import open_store
from semantic_assets.verbs.advance import advance
from semantic_assets.verbs.chunks import chunk_documents
from semantic_assets.verbs.discover import discover
from semantic_assets.verbs.documents import read_documents

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
    table = pq.read_table(settings.root / "results" / f"space={job.space_id}", partitioning=None)
    vectors = np.asarray(table["vector"].to_pylist(), dtype=np.float64)
    assert vectors.shape == (3, dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert job.input_file is not None
    with pytest.raises(RemoteMissing):
        gemini.delete_file(job.input_file)
