"""`POST /v1/generations`: submit, follow and read over HTTP."""

import json
import time
from typing import Any

import pytest

from tests.rest.conftest import Served

ARTICLES = [
    {"id": "a1", "title": "Kiln", "text": "The kiln is fired on Fridays. It holds ninety bowls."},
    {"id": "a2", "text": "The glaze is mixed from ash and clay.", "author": "Ann"},
]

#: For bodies that no client would write.
_JSON = {"Content-Type": "application/json"}


def submit(served: Served, **body: Any) -> Any:
    return served.client.post("/v1/generations", json={"task": "summary-en", **body})


def test_articles_are_submitted_followed_and_read(served: Served) -> None:
    made = submit(served, name="week", articles=ARTICLES)
    assert made.status_code == 202
    assert (made.json()["name"], made.json()["documents"]) == ("week", 2)
    for _ in range(100):
        status = served.client.post("/v1/follow/week").json()
        if status["is_done"]:
            break
        time.sleep(0.1)
    assert status["ready"] == 2
    assert served.client.get("/v1/generations/week").json() == status
    (job,) = status["job_ids"]
    assert served.client.get(f"/v1/generations/{job}").json()["name"] == "week"
    lines = served.client.get(f"/v1/batches/{job}/results").text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == {"a1", "a2"}
    answer = served.client.get("/v1/generations/week/results")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    rows = {row["id"]: row for row in map(json.loads, answer.text.splitlines())}
    assert "kiln" in rows["a1"]["output"]["summary"]
    assert rows["a2"]["error"] is None


def test_a_dry_run_quotes(served: Served) -> None:
    quote = submit(served, name="week", articles=ARTICLES, dry_run=True)
    assert quote.status_code == 200
    assert quote.json()["requests"] == 2
    assert served.remote_jobs() == 0


def test_the_tasks_are_listed(served: Served) -> None:
    found = {row["task"]: row for row in served.client.get("/v1/generations").json()}
    assert found["summary-en"]["answers"] == "JSON"
    assert found["describe-media"]["reads"] == "media"


def test_sent_twice_with_one_key_it_is_done_once(served: Served) -> None:
    body = {"task": "summary-en", "name": "week", "articles": ARTICLES}
    headers = {"Idempotency-Key": "one"}
    first = served.client.post("/v1/generations", json=body, headers=headers)
    again = served.client.post("/v1/generations", json=body, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()


@pytest.mark.parametrize("field", ['"\\ud800"', '["\\ud800"]', "[" * 900 + "]" * 900])
def test_a_field_that_cannot_be_stored_is_refused(served: Served, field: str) -> None:
    article = f'{{"id": "a", "text": "One.", "field": {field}}}'
    body = f'{{"task": "summary-en", "name": "week", "articles": [{article}]}}'
    answer = served.client.post("/v1/generations", content=body, headers=_JSON)
    assert answer.status_code == 422
    assert "body.articles.0" in answer.json()["detail"]


def test_fields_within_fields_are_taken(served: Served) -> None:
    article = f'{{"id": "a", "text": "One.", "field": {"[" * 200 + "]" * 200}}}'
    body = f'{{"task": "summary-en", "name": "week", "dry_run": true, "articles": [{article}]}}'
    assert served.client.post("/v1/generations", content=body, headers=_JSON).status_code == 200


def test_what_cannot_be_meant_is_a_problem_with_its_cure(served: Served) -> None:
    for body, status in (
        ({"articles": ARTICLES}, 422),
        ({"name": "week"}, 422),
        ({"name": "week", "articles": [{"id": "x"}]}, 422),
        ({"name": "week", "articles": ARTICLES, "max_cost_usd": 0}, 409),
        ({"name": "week", "articles": ARTICLES, "task": "nothing"}, 404),
        ({"dataset": "acme/nowhere"}, 404),
    ):
        answer = submit(served, **body)
        assert answer.status_code in (status, 400, 402, 403), (body, answer.text)
        assert answer.json()["detail"]
    assert served.client.get("/v1/generations/nothing").status_code == 404
    assert served.remote_jobs() == 0
