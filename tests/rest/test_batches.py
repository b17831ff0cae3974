"""The queue over HTTP: quote, send, watch, cancel; OpenAI's shapes, problems with the cure."""

import json

import httpx2
import pytest

from tests.rest.conftest import Served


def _flush(served: Served, texts: int = 1) -> list[str]:
    files = [(f"n{n}.txt", f"Number {n}.") for n in range(texts)]
    served.upload(*files, mode="async")
    ids: list[str] = served.client.post("/v1/batches", json={}).json()["job_ids"]
    return ids


def test_an_estimate_quotes_and_sends_nothing(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="async")
    quote = served.client.post("/v1/estimate", json={"datasets": ["acme/notes"]}).json()
    assert quote["unread_files"] == 1
    assert served.remote_jobs() == 0


def test_below_the_minimum_nothing_is_sent(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="async")
    answer = served.client.post("/v1/batches", json={"min_batch_size": 5})
    assert (answer.status_code, answer.json()["job_ids"], answer.json()["waiting_texts"]) == (
        202,
        [],
        1,
    )


def test_the_same_idempotency_key_flushes_once(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="async")
    headers = {"Idempotency-Key": "flush-1"}
    first = served.client.post("/v1/batches", json={}, headers=headers)
    served.upload(("b.txt", "Two."), mode="async")
    again = served.client.post("/v1/batches", json={}, headers=headers)
    assert again.json() == first.json()
    assert served.remote_jobs() == 1


def test_a_job_is_known_by_both_names_and_its_results_stream(served: Served) -> None:
    (job,) = _flush(served, 3)
    waiting = served.client.get(f"/v1/batches/{job}/results")
    assert waiting.status_code == 409
    assert "submitted" in waiting.json()["detail"]
    served.core.batch_manager.wait_for_completion(job, timeout=30)
    found = served.client.get(f"/v1/batches/{job}").json()
    assert found["status"] == "completed"
    assert found["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    assert served.client.get(f"/v1/batches/{found['remote_name']}").json() == found
    lines = served.client.get(f"/v1/batches/{found['remote_name']}/results").text.splitlines()
    assert [len(json.loads(line)["embedding"]) for line in lines] == [128] * 3


def test_batches_are_paged_newest_first(served: Served) -> None:
    ids = [_flush(served, n)[0] for n in (1, 2, 3)]
    first = served.client.get("/v1/batches", params={"limit": 2}).json()
    rest = served.client.get("/v1/batches", params={"after": first["last_id"]}).json()
    assert [one["id"] for one in [*first["data"], *rest["data"]]] == ids[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_a_job_is_cancelled_once_and_not_when_it_is_over(served: Served) -> None:
    (job,) = _flush(served)
    assert served.client.post(f"/v1/batches/{job}/cancel").json()["status"] == "cancelling"
    assert served.client.post(f"/v1/batches/{job}/cancel").status_code == 200
    served.core.batch_manager.wait_for_completion(job, timeout=30)
    assert served.client.post(f"/v1/batches/{job}/cancel").status_code == 409


def test_a_job_that_failed_is_shown_as_failed(served: Served) -> None:
    fault = {"name": "ends-failed", "times": 1, "parameters": {}}
    assert httpx2.post(f"{served.emulator_url}/emulator/faults", json=fault).status_code == 200
    (job,) = _flush(served)
    served.core.batch_manager.wait_for_completion(job, timeout=30)
    found = served.client.get(f"/v1/batches/{job}").json()
    assert [found[name] for name in ("status", "stage", "outcome")] == [
        "failed",
        "FAILED",
        "failed",
    ]
    assert "Internal error" in found["error"]
    assert served.client.get(f"/v1/batches/{job}/results").status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "/v1/batches/none", None, 404, "none"),
        ("POST", "/v1/search", {"query": ""}, 422, "query"),
        ("POST", "/v1/search", {"query": "x", "datasets": ["acme/none"]}, 404, "acme/none"),
        ("POST", "/v1/search", {"query": "x", "datasets": ["a/b/c"]}, 422, "project/dataset"),
        ("POST", "/v1/search", {"query": "x", "datasets": ["absent"]}, 404, "project absent"),
        ("POST", "/v1/search", {"query": "x", "mode": "fuzzy"}, 422, "mode"),
        ("POST", "/v1/search", {"query": "x", "offset": -1}, 422, "offset"),
        ("POST", "/v1/search", {"query": "x", "where": {"year": {"<>": 1}}}, 422, "where"),
        ("POST", "/v1/batches", {"min_batch": 1}, 422, "min_batch"),
        ("GET", "/v1/batches?limit=0", None, 422, "limit"),
        ("GET", "/v1/nothing", None, 404, "Not Found"),
        ("PUT", "/v1/search", None, 405, "Method"),
    ],
)
def test_errors_are_problems_that_name_what_is_wrong(
    served: Served, method: str, path: str, body: object, status: int, named: str
) -> None:
    answer = served.client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.json()["detail"]


def test_a_monitor_finds_health_readiness_and_metrics(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="sync")
    assert served.client.get("/healthz").json() == {"status": "ok"}
    assert served.client.get("/readyz").status_code == 200
    text = served.client.get("/metrics").text
    assert "semantic_assets_chunks 1.0" in text
    assert 'route="/v1/projects/{project}/datasets/{dataset}/documents"' in text
    assert "notes" not in text


def test_collect_answers_by_its_old_address_too(served: Served) -> None:
    assert served.client.post("/v1/sync").json() == served.client.post("/v1/collect").json()
    assert "/v1/sync" not in served.client.get("/openapi.json").json()["paths"]
