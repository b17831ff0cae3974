"""Uploads, lists and deletions: each file has its own outcome, and nothing else is touched."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.rest.serving import Limits
from tests.rest.conftest import DOCUMENTS, Served
from tests.rest.pdf import pdf


def _search(served: Served, query: str) -> list[dict[str, object]]:
    answer = served.client.post("/v1/search", json={"query": query, "k": 3})
    assert answer.status_code == 200, answer.text
    data: list[dict[str, object]] = answer.json()["data"]
    return data


def test_good_and_bad_files_of_one_request_in_its_order(served: Served) -> None:
    answer = served.upload(
        ("tides.pdf", pdf("High water is at noon.")),
        ("broken.pdf", b"%PDF-1.7 and no more"),
        ("empty.txt", b""),
        ("note.txt", "The ebb begins at one."),
        mode="sync",
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "done"
    good, broken, empty, note = body["results"]
    assert [good["status"], note["status"]] == ["uploaded", "uploaded"]
    assert (good["chunks"], note["chunks"]) == (1, 1)
    assert len(good["batch_job_ids"]) == 1
    assert set(broken) == set(empty) == {"file", "error"}
    assert "broken.pdf" in broken["error"]
    assert empty["error"].startswith("No chunks generated.")
    hit = _search(served, "High water is at noon.")[0]
    assert hit["document_id"] == good["document_id"]
    assert hit["page"] == 1


def test_async_is_accepted_and_found_after_flush_and_sync(served: Served) -> None:
    answer = served.upload(("note.txt", "The ebb begins at one."), mode="async")
    assert answer.status_code == 202
    (result,) = answer.json()["results"]
    assert (answer.json()["status"], result["chunks"], result["batch_job_ids"]) == (
        "accepted",
        None,
        [],
    )
    assert served.remote_jobs() == 0
    assert served.client.get("/v1/status").json()["documents_waiting"] == 1
    sent = served.client.post("/v1/batches", json={}).json()
    served.core.batch_manager.wait_for_completion(sent["job_ids"][0], timeout=30)
    assert served.client.post("/v1/sync").json()["open_jobs"] == 0
    assert _search(served, "The ebb begins at one.")[0]["text"] == "The ebb begins at one."


def test_overwrite_replaces_that_document_only(served: Served) -> None:
    first = served.upload(("a.txt", "One."), ("b.txt", "Two."), mode="sync").json()["results"]
    again = served.upload(("a.txt", "One."), ("b.txt", "Two, anew."), mode="sync").json()["results"]
    assert again[0]["status"] == "unchanged"
    assert "other content" in again[1]["error"]
    done = served.upload(("b.txt", "Two, anew."), mode="sync", overwrite=True).json()["results"]
    assert done[0]["status"] == "replaced"
    assert done[0]["document_id"] == first[1]["document_id"]
    listed = served.client.get(DOCUMENTS).json()["data"]
    assert [row["name"] for row in listed] == ["a.txt", "b.txt"]
    assert _search(served, "Two, anew.")[0]["text"] == "Two, anew."


def test_auto_is_done_at_once_where_little_waits(served: Served) -> None:
    assert served.upload(("a.txt", "One.")).json()["status"] == "done"


def test_when_no_file_could_be_taken_the_answer_is_422(served: Served) -> None:
    answer = served.upload(("a.exe", b"MZ"), ("", b"x"))
    assert answer.status_code == 422
    assert served.client.get(DOCUMENTS).status_code == 404


def test_records_are_documents_each_and_counted_together(served: Served) -> None:
    lines = '{"id": "r1", "text": "One."}\n{"id": "r2", "text": "Two."}\n'
    (result,) = served.upload(("many.jsonl", lines), mode="sync").json()["results"]
    assert (result["document_id"], result["chunks"]) == (None, 2)


def test_documents_are_listed_by_page(served: Served) -> None:
    served.upload(*((f"n{n}.txt", f"Number {n}.") for n in range(7)), mode="sync")
    seen, after = [], None
    while True:
        query = {"limit": 3} | ({"after": after} if after else {})
        page = served.client.get(DOCUMENTS, params=query).json()
        seen += [row["name"] for row in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert seen == [f"n{n}.txt" for n in range(7)]
    assert served.client.get(DOCUMENTS, params={"after": "none"}).status_code == 404


def test_a_document_is_deleted_by_name_or_id_and_then_not_there(served: Served) -> None:
    first, second = served.upload(("a.txt", "One."), ("b.pdf", pdf("Two.")), mode="sync").json()[
        "results"
    ]
    assert served.client.delete(f"{DOCUMENTS}/a.txt").json()["deleted"] is True
    assert served.client.delete(f"{DOCUMENTS}/{second['document_id']}").json()["name"] == "b.pdf"
    assert served.client.delete(f"{DOCUMENTS}/{first['document_id']}").status_code == 404
    served.core.batch_manager.process_queue(timeout=30)
    assert served.client.get(DOCUMENTS).json()["data"] == []
    assert _search(served, "One.") == []


def test_a_file_of_the_source_folder_is_not_deleted_by_a_request(served: Served) -> None:
    mine = served.core.store.settings.sources / "acme/notes/mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("My own.")
    served.core.batch_manager.process_queue(timeout=30)
    (row,) = served.client.get(DOCUMENTS).json()["data"]
    answer = served.client.delete(f"{DOCUMENTS}/{row['document_id']}")
    assert (answer.status_code, row["is_ingested"], mine.exists()) == (409, False, True)


def test_the_same_key_gives_the_same_answer_and_stores_once(served: Served) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = served.upload(("a.txt", "One."), headers=headers)
    again = served.upload(("a.txt", "One."), headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = served.upload(("a.txt", "Two."), headers=headers)
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"


def test_limits_are_told_and_nothing_over_them_is_kept(serve: Callable[..., Served]) -> None:
    served = serve(limits=Limits(file_bytes=1_000, request_bytes=5_000))
    small, large = served.upload(("a.txt", "x"), ("b.txt", "y" * 2_000), mode="async").json()[
        "results"
    ]
    assert small["status"] == "uploaded"
    assert "at most 1000" in large["error"]
    answer = served.upload(("c.txt", "z" * 10_000))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/projects/Acme/datasets/notes/documents", 422),
        ("/v1/projects/acme/datasets/..%2f..%2fetc/documents", 404),
        ("/v1/projects/acme/datasets/.../documents", 422),
    ],
)
def test_names_of_datasets_lead_nowhere_else(served: Served, path: str, status: int) -> None:
    answer = served.client.post(path, files=[("files[]", ("a.txt", b"x"))])
    assert answer.status_code == status
    assert not (served.core.store.settings.sources).exists()


def test_a_document_is_read_back_and_hits_point_into_its_text(served: Served) -> None:
    text = "First line.\r\n\r\nThe tide turns at six.\n"
    (done,) = served.upload(("tide.txt", text), mode="sync").json()["results"]
    found = served.client.get(f"{DOCUMENTS}/{done['document_id']}").json()
    assert (found["title"], found["uri"]) == ("tide", "acme/notes/_ingested/tide.txt")
    hit = _search(served, "The tide turns at six.")[0]
    assert found["text"][hit["start_char"] : hit["end_char"]] == hit["text"]  # type: ignore[misc]
    assert served.client.get(f"{DOCUMENTS}/none").status_code == 404


def test_what_was_deleted_is_not_found_when_the_answer_comes(served: Served) -> None:
    served.upload(("a.txt", "One."), ("b.txt", "Two."), mode="sync")
    served.client.delete(f"{DOCUMENTS}/a.txt")
    assert [hit["text"] for hit in _search(served, "One.")] == ["Two."]


def test_a_cap_of_spending_keeps_no_deletion_from_search(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN", "0.000001")
    served = serve()
    served.upload(("a.txt", "One."), ("b.txt", "Two. " * 400), mode="async")
    assert served.client.delete(f"{DOCUMENTS}/a.txt").status_code == 200
    assert served.upload(("c.txt", "Three."), mode="sync").status_code == 402


def test_a_server_clears_at_its_start_what_a_killed_one_left(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    serve().upload(("a.html", "<p>The valve closes.</p>"))
    ended = subprocess.run(
        [sys.executable, "-c", "from semantic_assets.system.machine import *; print(holder())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    left = tmp_path / f"sources/acme/notes/_ingested/.incoming/0a1b@{ended}"
    left.write_text("half a page")
    serve()
    assert not left.exists()


def _form(served: Served, path: str, fields: list[str], **query: object) -> Any:
    files = [(field, (f"{n}.txt", f"Gate {n} is oiled.")) for n, field in enumerate(fields)]
    return served.client.post(path, params=query, files=files)


@pytest.mark.parametrize("fields", [["files"], ["files[]"], ["files", "files[]", "files"]])
def test_the_field_of_a_form_has_either_name(served: Served, fields: list[str]) -> None:
    answer = _form(served, DOCUMENTS, fields, mode="ASYNC")
    assert answer.status_code == 202
    assert [one["file"] for one in answer.json()["results"]] == [
        f"{n}.txt" for n in range(len(fields))
    ]


def test_a_field_of_another_name_is_refused(served: Served) -> None:
    assert _form(served, DOCUMENTS, ["documents"]).status_code == 422


def test_files_without_a_dataset_go_to_the_default_one(served: Served) -> None:
    answer = _form(served, "/v1/documents", ["files[]"], mode="Sync")
    assert (answer.status_code, answer.json()["dataset"]) == (200, "default/documents")
    assert _search(served, "Gate 0 is oiled.")[0]["dataset"] == "default/documents"


def test_a_key_of_another_project_stores_nothing_there(serve: Callable[..., Served]) -> None:
    served = serve(needs_key=True)
    _, secret = served.keys.make(project="acme", role="write")
    served.client.headers["Authorization"] = f"Bearer {secret}"
    answer = _form(served, "/v1/documents", ["files[]"])
    assert answer.status_code == 403
    assert "of its own project" in answer.json()["detail"]
