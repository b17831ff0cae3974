"""Attacks that succeeded once: other projects, removed datasets, kills, order, starved threads."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

from semantic_assets.lake.lake import Lake
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.idempotency import Answer, Replays
from semantic_assets.rest.problems import Problem
from tests.rest.conftest import DOCUMENTS, Served

_SLOW_UPLOADS = 50


def _bearer(served: Served, project: str, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.keys.make(project=project, role=role)[1]}"}


def test_done_is_not_said_where_the_dataset_could_not_be_listed(served: Served) -> None:
    assert served.upload(("a.txt", "One."), mode="sync").json()["status"] == "done"
    (served.core.store.settings.sources / "acme/notes/dataset.toml").write_text("broken = = 1")
    answer = served.upload(("b.txt", "The ferry leaves at nine."), mode="sync")
    assert (answer.status_code, answer.json()["status"]) == (HTTPStatus.ACCEPTED, "accepted")


def test_a_key_of_a_project_without_datasets_is_quoted_no_other(
    serve: Callable[..., Served],
) -> None:
    served = serve(needs_key=True)
    writer = _bearer(served, "acme", "write")
    served.upload(("a.txt", "One."), headers=writer, mode="async")
    served.client.post("/v1/estimate", json={"datasets": ["acme/notes"]}, headers=writer)
    other = _bearer(served, "other", "read")
    quote = served.client.post("/v1/estimate", json={}, headers=other).json()
    assert (quote["tokens"], quote["unread_files"]) == (0, 0)


def test_to_quote_or_take_from_a_removed_dataset_does_not_bring_it_back(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="sync")
    store, notes = served.core.store, DatasetKey("acme", "notes")
    remove(store, notes, dry_run=False)
    quote = served.client.post("/v1/estimate", json={"datasets": ["acme/notes"]})
    gone = served.client.delete(f"{DOCUMENTS}/a.txt")
    assert (quote.status_code, gone.status_code) == (404, 404)
    row = store.ledger.datasets.find(notes)
    assert row is not None
    assert row.is_kept_out


@pytest.mark.parametrize("origin", ["http://[::1", "http://a]b", "null", "x"])
def test_an_origin_that_is_none_is_refused(served: Served, origin: str) -> None:
    assert served.client.get("/v1/status", headers={"Origin": origin}).status_code == 403


def test_a_dataset_named_twice_is_searched_once(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="sync")
    body = {"query": "One.", "datasets": ["acme/notes", "acme.notes"]}
    assert len(served.client.post("/v1/search", json=body).json()["data"]) == 1


def test_of_one_name_the_last_of_a_request_stays(served: Served) -> None:
    served.upload(("a.txt", "Long. " * 200_000), ("a.txt", "Short."), mode="async", overwrite=True)
    folder = served.core.store.settings.sources / "acme/notes/_ingested"
    assert json.loads((folder / "00000.segment.jsonl").read_bytes())["text"] == "Short."


@pytest.mark.parametrize("length", [101, 300, 5_000])
def test_names_too_long_for_a_file_are_refused(served: Served, length: int) -> None:
    path = f"/v1/projects/acme/datasets/{'b' * length}/documents"
    assert served.client.post(path, files=[("files[]", ("a.txt", "One."))]).status_code == 422


def test_a_body_that_is_no_form_is_small(served: Served) -> None:
    body = b'{"query": "%s"}' % (b"a" * (5 << 20))
    answer = served.client.post("/v1/search", content=body)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


_KILLED = """
import os, pathlib, sys
from semantic_assets.rest.idempotency import Replays
replays = Replays(pathlib.Path(sys.argv[1]))
replays.once("monday", "me", "flush", lambda: os.kill(os.getpid(), 9))
"""


def test_an_idempotency_key_is_free_again_when_its_server_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "replays.sqlite3"
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(file)], check=False)
    assert killed.returncode == -signal.SIGKILL
    again = Replays(file)
    assert again.once("monday", "me", "flush", lambda: Answer(202, "{}")) == Answer(202, "{}")
    again.close()


def test_a_second_server_leaves_the_keys_that_the_first_is_answering(tmp_path: Path) -> None:
    first, second = (Replays(tmp_path / "replays.sqlite3") for _ in range(2))
    second.once("other", "me", "flush", lambda: Answer(202, "{}"))  # it is open by now

    def answer() -> Answer:
        third = Replays(tmp_path / "replays.sqlite3")
        for server in (second, third):
            with pytest.raises(Problem, match="is being answered"):
                server.once("monday", "me", "flush", lambda: Answer(500, "{}"))
        third.close()
        return Answer(202, "{}")

    assert first.once("monday", "me", "flush", answer) == Answer(202, "{}")
    assert second.once("monday", "me", "flush", answer) == Answer(202, "{}", is_replayed=True)
    first.close()
    second.close()
    assert {path.name for path in tmp_path.iterdir()} == {"replays.sqlite3"}


def test_keys_made_and_revoked_at_once_are_all_kept(tmp_path: Path) -> None:
    keys = ApiKeys(Lake(tmp_path))
    first, _ = keys.make(project="acme", role="read")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.make(project="acme", role="read"), range(20)))
        keys.revoke(first.key_id)
    assert {key.key_id for key in keys.all()} == {key.key_id for key, _ in made}


def test_health_is_told_while_all_threads_are_at_work(served: Served) -> None:
    app = served.client.app.state.serving  # type: ignore[attr-defined]
    served.upload(("a.txt", "One."), mode="sync")
    with ThreadPoolExecutor(_SLOW_UPLOADS + 1) as pool:
        with app._rounds[DatasetKey("acme", "notes"), "sync"].lock:
            slow = [
                pool.submit(served.upload, (f"{n}.txt", f"Text {n}."), mode="sync")
                for n in range(_SLOW_UPLOADS)
            ]
            time.sleep(1)
            health = pool.submit(served.client.get, "/healthz").result(timeout=10)
        assert health.status_code == 200
        assert {one.result().status_code for one in slow} == {200}


def test_many_small_texts_are_all_stored_in_their_order(served: Served) -> None:
    files = [(f"{n}.txt", f"{n} " * 300_000) for n in range(40)]
    answer = served.upload(*files, mode="async").json()
    assert [one["file"] for one in answer["results"]] == [name for name, _ in files]
    assert {one["status"] for one in answer["results"]} == {"uploaded"}
