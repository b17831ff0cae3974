"""The OpenAPI document: what routes declare, which names they take, and that a breach is seen."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from semantic_assets.errors import ConfigError, RateLimited
from semantic_assets.model.keys import DATASET_PATTERN, NAME_PATTERN, DatasetKey, checked_name
from semantic_assets.rest.bodies import SearchBody
from semantic_assets.rest.problems import MEDIA_TYPE
from tests.rest.conftest import Served
from tests.rest.declared import Declared

_LETTERS = st.text("aZ09_-./ \n\0é", max_size=8) | st.text(max_size=4)
_BLANKS = st.text("a \t\n\r\0\x1c\x1f\x85\xa0\u2028\u3000\ufeff\u200b", max_size=5)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.fixture
def document(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.client.get("/openapi.json").json()
    return found


def test_every_route_declares_its_refusals_as_problems(document: dict[str, Any]) -> None:
    for name, operation in _operations(document):
        expected = {"403", "413", "default"}
        if "security" in operation:
            expected |= {"401", "408", "429", "502", "503"}
        if "parameters" in operation or "requestBody" in operation:
            expected |= {"422"}
        if "requestBody" in operation:
            expected |= {"400"}
        assert expected <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            assert response["content"], (name, status)
            assert status[0] == "2" or MEDIA_TYPE in response["content"], (name, status)


def test_a_refusal_declares_the_header_that_says_what_to_do(document: dict[str, Any]) -> None:
    for name, operation in _operations(document):
        for status, header in (("401", "WWW-Authenticate"), ("429", "Retry-After")):
            if "security" in operation:
                assert operation["responses"][status]["headers"][header]["required"], name


def test_every_text_in_a_path_has_a_pattern(document: dict[str, Any]) -> None:
    patterns = {
        one["name"]: one["schema"].get("pattern")
        for _, operation in _operations(document)
        for one in operation.get("parameters", ())
        if one["in"] == "path"
    }
    assert {"project", "dataset", "document", "batch_id", "name"} <= set(patterns)
    assert all(patterns.values()), patterns


def test_links_lead_to_operations_with_such_parameters(document: dict[str, Any]) -> None:
    takes = {
        one["operationId"]: {parameter["name"] for parameter in one.get("parameters", ())}
        for _, one in _operations(document)
    }
    links = [
        link
        for _, operation in _operations(document)
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) > 10
    assert all(set(link["parameters"]) <= takes[link["operationId"]] for link in links)


@hypothesis.given(name=_LETTERS | st.from_regex(NAME_PATTERN, fullmatch=True))
def test_the_pattern_of_names_is_what_is_checked(name: str) -> None:
    assert (re.fullmatch(NAME_PATTERN, name) is not None) == _is_taken(checked_name, name, "name")


@hypothesis.given(name=_LETTERS | st.from_regex(DATASET_PATTERN, fullmatch=True))
def test_the_pattern_of_datasets_is_what_is_parsed(name: str) -> None:
    assert (re.fullmatch(DATASET_PATTERN, name) is not None) == _is_taken(DatasetKey.parse, name)


def _is_taken(check: Callable[..., object], *given: str) -> bool:
    try:
        check(*given)
    except ConfigError:
        return False
    return True


@hypothesis.given(query=_BLANKS)
def test_a_question_is_taken_if_the_pattern_permits_it(query: str) -> None:
    pattern = SearchBody.model_json_schema()["properties"]["query"]["pattern"]
    try:
        SearchBody(query=query)
        is_taken = True
    except ValueError:
        is_taken = False
    assert (re.search(pattern, query) is not None) == is_taken
    assert is_taken == bool(query.replace("\ufeff", "").strip() and "\0" not in query)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/{}/datasets/notes/documents",
        "/v1/projects/acme/datasets/{}/documents",
        "/v1/projects/acme/datasets/notes/documents/{}",
        "/v1/projects/acme/datasets/notes/documents?after={}",
        "/v1/batches/{}",
        "/v1/batches/{}/results",
        "/v1/batches?after={}",
        "/v1/generations/{}",
        "/v1/generations/{}/results",
        "/v1/generations/week?task={}",
    ],
)
def test_a_valid_name_of_nothing_is_404_and_any_other_422(served: Served, path: str) -> None:
    assert served.client.get(path.format("none")).status_code == 404
    for name in ("a%00b", "%0A", "a%09", "x" * 201):
        assert served.client.get(path.format(name)).status_code == 422, name


@pytest.mark.parametrize("name", ["batches/abc", "batches%2Fabc"])
def test_a_batch_is_asked_for_by_googles_name(served: Served, name: str) -> None:
    for rest in ("", "/results"):
        answer = served.client.get(f"/v1/batches/{name}{rest}")
        assert answer.status_code == 404
        assert "batches/abc" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00e9"])
def test_a_key_of_a_request_has_visible_characters(served: Served, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = served.client.post("/v1/batches", json={}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert "printable ASCII" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [{"k": "10"}, {"k": True}, {"k": 1.5}, {"query": 1}, {"datasets": "acme/notes"}, {"space": 1}],
)
def test_a_value_of_another_type_is_not_taken(served: Served, body: dict[str, object]) -> None:
    answer = served.client.post("/v1/search", json={"query": "x", **body})
    assert answer.status_code == 422


def test_a_whole_number_may_be_written_with_a_point(served: Served) -> None:
    served.upload(("a.txt", "One."), mode="sync")
    assert served.client.post("/v1/search", json={"query": "One.", "k": 1.0}).status_code == 200


def test_another_method_is_answered_with_those_there_are(
    served: Served, document: dict[str, Any]
) -> None:
    for path, methods in document["paths"].items():
        there = {method.upper() for method in methods}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - there:
            answer = served.client.request(method, re.sub(r"\{[^}]+\}", "none", path))
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == there, (method, path)


def test_a_slash_too_many_leads_nowhere_else(served: Served) -> None:
    """A redirect would name http:// behind a TLS proxy, and a client would send its key there."""
    answer = served.client.get("/v1/status/", follow_redirects=False)
    assert answer.status_code == 404


@pytest.mark.parametrize(("seconds", "told"), [(12.2, "13"), (None, "60")])
def test_the_embedding_services_limit_says_when_to_ask_again(
    served: Served, seconds: float | None, told: str
) -> None:
    def fail() -> None:
        raise RateLimited(retry_seconds=seconds)

    served.client.app.add_api_route("/fail", fail)  # type: ignore[attr-defined]
    answer = served.client.get("/fail")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, told)


def _without_status(responses: dict[str, Any]) -> None:
    del responses["200"]


def _of_another_type(responses: dict[str, Any]) -> None:
    responses["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}


def _of_another_shape(responses: dict[str, Any]) -> None:
    responses["200"]["content"]["application/json"]["schema"] = {"required": ["state"]}


def _with_a_header(responses: dict[str, Any]) -> None:
    responses["200"]["headers"] = {"X-Missing": {"required": True, "schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (_without_status, "this status is not declared"),
        (_of_another_type, "declared are text/plain"),
        (_of_another_shape, '"state" is a required property'),
        (_with_a_header, "there is no X-Missing"),
    ],
)
def test_an_answer_that_is_not_declared_is_found(
    served: Served, change: Callable[[dict[str, Any]], None], wrong: str
) -> None:
    app: Any = served.client.app
    document = app.openapi()
    change(document["paths"]["/healthz"]["get"]["responses"])
    watch = Declared(app, document)
    assert served.client.get("/healthz").status_code == 200
    (finding,) = watch.findings
    assert finding.startswith("GET /healthz 200 application/json: ")
    assert wrong in finding
    assert watch.seen == {("GET /healthz", 200, "application/json")}
