"""SemanticCore: what a notebook or an application does, over the emulator."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest

from semantic_assets import Document, SemanticCore
from semantic_assets.emulator.server import RunningServer
from semantic_assets.errors import (
    ConfigError,
    Conflict,
    NotFound,
    SpendRefused,
    TransientError,
)
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import advance

ARTICLES = "acme/articles"


@pytest.fixture
def core(
    tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SemanticCore]:
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    with SemanticCore(tmp_path / "lake") as opened:
        yield opened


@pytest.fixture
def remote_jobs(emulator: RunningServer) -> Callable[[], int]:
    return lambda: len(httpx2.get(f"{emulator.base_url}/emulator/state").json()["jobs"])


def _stall(emulator: RunningServer) -> None:
    """The next job does not end."""
    fault = {"name": "stuck-running", "times": 1, "parameters": {"seconds": 1e6}}
    answer = httpx2.post(f"{emulator.base_url}/emulator/faults", json=fault)
    assert answer.status_code == 200, answer.text


def _ingest(core: SemanticCore, count: int, mode: str = "async") -> None:
    documents = [
        Document(text=f"Lock number {n} opens at dawn.", name=f"n{n}") for n in range(count)
    ]
    core.ingest_many(documents, dataset=ARTICLES, mode=mode)


def test_making_one_touches_nothing(tmp_path: Path) -> None:
    core = SemanticCore(tmp_path / "nowhere")
    assert "nowhere" in repr(core)
    core.close()
    assert list(tmp_path.iterdir()) == []


def test_ingest_flush_wait_results_search(core: SemanticCore, tmp_path: Path) -> None:
    path = tmp_path / "swan.txt"
    path.write_text("The swan lock is closed in winter.")
    done = core.ingest(Document(path), dataset=ARTICLES, mode="async")
    assert (done.status, core.status().documents_waiting) == ("uploaded", 1)
    sent = core.batch_manager.flush_queue()
    assert (sent.texts, sent.waiting_texts, sent.documents_chunked) == (1, 0, 1)
    assert core.status().documents_waiting == 0
    (job,), (remote,) = sent.job_ids, sent.remote_names
    ended = core.batch_manager.wait_for_completion(remote, timeout=30)
    assert (ended.job_id, ended.stage, ended.is_final) == (job, "COMPLETED", True)
    vectors = core.batch_manager.retrieve_results(job)
    ((chunk, vector),) = vectors.items()
    assert (vector.dtype, vector.shape) == (np.float32, (128,))
    (hit,) = core.search("The swan lock is closed in winter.", dataset=ARTICLES)
    assert (hit.chunk_id, hit.document_id) == (chunk, done.document_id)
    with core.connect() as lake:
        assert lake.sql("SELECT count(*) FROM chunks").fetchall() == [(1,)]


def test_ingest_calls_nobody_and_the_estimate_sends_nothing(
    core: SemanticCore, remote_jobs: Callable[[], int]
) -> None:
    _ingest(core, 3)
    assert core.estimate().unread_files == 1
    assert remote_jobs() == 0


def test_below_min_batch_size_nothing_is_sent_and_the_report_says_how_many_wait(
    core: SemanticCore, remote_jobs: Callable[[], int]
) -> None:
    _ingest(core, 3)
    held = core.batch_manager.flush_queue(min_batch_size=4)
    assert (held.job_ids, held.waiting_texts, remote_jobs()) == ((), 3, 0)
    assert "3 of 4" in str(held.blocked_by)
    _ingest(core, 4)
    assert core.batch_manager.flush_queue(min_batch_size=4).texts == 4


def test_check_and_sync_never_submits(core: SemanticCore, remote_jobs: Callable[[], int]) -> None:
    _ingest(core, 2)
    core.estimate()
    for _ in range(3):
        core.batch_manager.check_and_sync()
    assert remote_jobs() == 0
    core.batch_manager.flush_queue()
    landed = 0
    while not landed:
        report = core.batch_manager.check_and_sync()
        landed += report.vectors_landed
    assert (landed, report.texts_failed, report.indexes_built, report.open_jobs) == (2, 0, 1, 0)
    assert report.texts_waiting == 0
    again = core.batch_manager.check_and_sync()
    assert (again.vectors_landed, again.indexes_built) == (0, 0)
    assert remote_jobs() == 1


def test_in_sync_mode_a_document_is_found_when_ingest_returns(core: SemanticCore) -> None:
    core.ingest(Document(text="The gull nests here.", name="gull"), dataset=ARTICLES, mode="sync")
    (hit,) = core.search("The gull nests here.", dataset=ARTICLES)
    assert hit.text == "The gull nests here."


def test_auto_takes_few_at_once(core: SemanticCore) -> None:
    _ingest(core, 2, mode="auto")
    assert len(core.search("Lock number 1", dataset=ARTICLES)) == 2


def test_process_queue_works_until_done_and_prints(
    core: SemanticCore, capsys: pytest.CaptureFixture[str]
) -> None:
    _ingest(core, 5)
    report = core.batch_manager.process_queue(timeout=60)
    assert (report.is_done, report.chunks_ready, report.indexes_built) == (True, 5, 1)
    said = capsys.readouterr().out
    assert "5 of 5 texts" in said
    assert "5 texts sent in 1 job, 1 index built" in said
    assert core.batch_manager.process_queue().texts == 0


def test_unfinished_results_name_the_state_and_unknown_jobs_the_cure(core: SemanticCore) -> None:
    _ingest(core, 1)
    (job,) = core.batch_manager.flush_queue().job_ids
    with pytest.raises(Conflict, match="submitted"):
        core.batch_manager.retrieve_results(job)
    with pytest.raises(NotFound, match="semantic-assets jobs"):
        core.batch_manager.get_job_status("batches/none")


def test_waiting_ends_in_time_and_says_that_nothing_is_lost(
    core: SemanticCore, emulator: RunningServer
) -> None:
    _stall(emulator)
    _ingest(core, 1)
    (job,) = core.batch_manager.flush_queue().job_ids
    with pytest.raises(TransientError, match="nothing is lost"):
        core.batch_manager.wait_for_completion(job, timeout=0.5)


def test_a_document_that_cannot_be_read_raises_and_others_of_its_call_are_kept(
    core: SemanticCore,
) -> None:
    with pytest.raises(ConfigError, match="empty"):
        core.ingest(Document(data=b"", name="a.txt"), dataset=ARTICLES)
    good, bad = core.ingest_many(
        [Document(text="Fine.", name="b"), Document(data=b"", name="c.pdf")], dataset=ARTICLES
    )
    assert (good.status, bad.error) == ("uploaded", "No chunks generated. c.pdf: file is empty")
    with pytest.raises(ConfigError, match="mode"):
        core.ingest(Document(text="x", name="d"), dataset=ARTICLES, mode="soon")


def test_reports_show_themselves_in_a_notebook(core: SemanticCore) -> None:
    _ingest(core, 2, mode="sync")
    for shown in (
        core.status(),
        core.estimate(),
        core.batch_manager.flush_queue(),
        core.batch_manager.check_and_sync(),
        core.search("Lock", dataset=ARTICLES),
    ):
        assert shown._repr_html_().startswith("<table>")
    core.ingest(Document(text="<script>alert(1)</script>", name="x"), dataset=ARTICLES, mode="sync")
    assert "<script>" not in core.search("script", dataset=ARTICLES)._repr_html_()


def test_documents_waiting_are_counted_one_by_one(core: SemanticCore) -> None:
    _ingest(core, 7)
    assert core.status().documents_waiting == 7
    core.batch_manager.flush_queue()
    core.ingest(Document(text="One more.", name="more"), dataset=ARTICLES, mode="async")
    records = Document(data=json.dumps([{"text": "x"}]).encode(), name="r.json")
    core.ingest(records, dataset=ARTICLES, mode="ASYNC")
    assert core.status().documents_waiting == 2


def test_an_index_that_a_dead_process_left_unbuilt_is_built_by_the_next_sync(
    core: SemanticCore,
) -> None:
    _ingest(core, 2)
    core.batch_manager.flush_queue()
    while advance(core.store, core.gemini, submits=False).open_jobs:
        pass
    (shard,) = core.store.ledger.sources.shards()
    assemble(core.store, shard.key)  # and then it died
    assert core.batch_manager.check_and_sync().indexes_built == 1


def test_a_document_taken_out_is_not_found_any_more_when_the_call_returns(
    core: SemanticCore, remote_jobs: Callable[[], int]
) -> None:
    _ingest(core, 2, mode="sync")
    core.remove_document("n0", dataset=ARTICLES)
    (hit,) = core.search("Lock number 0 opens at dawn.", dataset=ARTICLES)
    assert hit.uri.endswith("/n1")
    assert remote_jobs() == 0


@pytest.mark.parametrize(
    ("given", "remedy"),
    [({"path": b"x"}, "data="), ({"text": b"x", "name": "n"}, "data="), ({"data": "x"}, "text=")],
)
def test_a_wrong_kind_of_content_is_named_with_the_cure(
    given: dict[str, object], remedy: str
) -> None:
    with pytest.raises(ConfigError, match=remedy):
        Document(**given)  # type: ignore[arg-type]


def test_what_is_no_document_or_not_there_is_refused_by_name(core: SemanticCore) -> None:
    with pytest.raises(ConfigError, match="wrap it"):
        core.ingest("text", dataset=ARTICLES)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"there is no file none\.txt"):
        core.ingest(Document("none.txt"), dataset=ARTICLES)


def test_a_document_without_a_dataset_goes_to_the_default_one_and_is_found(
    core: SemanticCore,
) -> None:
    done = core.ingest(Document(text="The kiln is fired on Fridays.", name="kiln"))
    assert done.uri is not None
    assert done.uri.startswith("default/documents/")
    (hit,) = core.search("When is the kiln fired?", k=1)
    assert (hit.dataset, hit.document_id) == ("default/documents", done.document_id)


@pytest.mark.parametrize("mode", ["SYNC", "Auto", "async"])
def test_a_mode_is_one_word_in_letters_of_either_case(core: SemanticCore, mode: str) -> None:
    core.ingest(Document(text="The kiln is fired on Fridays.", name="kiln"), mode=mode)
    assert core.status().documents_waiting == (mode == "async")


def test_a_mode_that_there_is_not_stores_nothing(core: SemanticCore) -> None:
    with pytest.raises(ConfigError, match="there is no mode 'SOON': use async, sync, auto"):
        core.ingest(Document(text="The kiln is fired.", name="kiln"), mode="SOON")
    assert core.status().documents_waiting == 0


def test_what_a_cap_keeps_from_being_sent_is_kept_and_waits(
    tmp_path: Path, core: SemanticCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN", "0.0000000001")
    said: list[str] = []
    with SemanticCore(tmp_path / "lake", progress=said.append) as capped:
        done = capped.ingest(Document(text="The kiln is fired on Fridays.", name="kiln"))
        assert done.status == "uploaded"
        assert capped.status().bill.pending_texts == 1
        with pytest.raises(SpendRefused):
            capped.ingest(Document(text="The wheel turns.", name="wheel"), mode="sync")
    assert "default/documents: what was handed over is kept, and waits" in "".join(said)
