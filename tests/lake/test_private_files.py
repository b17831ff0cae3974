"""Ledger, replays, texts and what was paid for: their owner alone may read them, by any umask."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.model.document import Document
from semantic_assets.rest.idempotency import Answer, Replays
from semantic_assets.system.durable import make_private, replacing


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_every_file_of_a_lake_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=0.2)
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    (tmp_path / "a.html").write_text("<p>The ferry leaves at nine.</p>")
    with SemanticCore(tmp_path / "lake") as core:
        core.ingest(Document(text="The heron stands.", name="b.txt"), dataset="acme/birds")
        core.ingest(Document(tmp_path / "a.html", name="a.html"), dataset="acme/birds", mode="sync")
        core.batch_manager.flush_queue()
        replays = Replays(core.reader.lake.path("rest/replays.sqlite3"))
        replays.once("monday", "me", "flush", lambda: Answer(202, "{}"))
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "a.html"]
        files += [path for path in tmp_path.rglob("a.html") if "sources" in path.parts]
        names = {path.name for path in files}
        assert {"ledger.sqlite3", "ledger.sqlite3-wal", "replays.sqlite3"} <= names
        assert any(path.suffix == ".parquet" for path in files)
        assert any(".segment." in name for name in names)
        open_to_others = {
            str(p.relative_to(tmp_path)): oct(p.stat().st_mode & 0o777) for p in files
        }
        wrong = {name: mode for name, mode in open_to_others.items() if mode != "0o600"}
        replays.close()
    emulator.stop()
    assert wrong == {}


@pytest.mark.usefixtures("umask")
def test_a_file_is_private_before_anything_is_in_it(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as temporary:
        assert temporary.stat().st_mode & 0o777 == 0o600
        temporary.write_text("a text")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "a"
    there.write_text("kept")
    there.chmod(0o640)
    assert make_private(there).read_text() == "kept"
    assert there.stat().st_mode & 0o777 == 0o640
