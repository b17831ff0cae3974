"""A key of one project is answered the same, whether or not another project holds its texts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rest.twins import Lake, Twins, documents, lake, told_apart, twins, words

MODES = ("sync", "auto", "async")
SHORT = {"short.txt": "The valve closes at four bar."}
#: Over the tokens below which `auto` embeds at once.
LONG = {"long.txt": words(1_200, seed=1)}
#: So many that ratios of token counts are learned from them.
MANY = {f"{n}.txt": f"Pump {n} runs {words(5 + n, seed=n)}" for n in range(32)}
HELD = {**SHORT, **LONG, **MANY}
DATASETS = ("notes", "short", "mixed", "many", "long")
SOURCES = {f"acme/{name}/dataset.toml": "auto_below_tokens = 1000\n" for name in DATASETS}
#: Nobody else has it.
NEW = {"new.txt": "The crane turns to the left."}
#: What tells nothing of texts: monitors, and the keys of the project itself.
_OPEN = {"/healthz", "/readyz", "/v1/keys", "/v1/keys/{key_id}"}
#: What routes of the whole lake must be sent before they look at the key.
_BODIES = {"/v1/batches": {}, "/v1/generations": {"task": "x"}}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Twins]:
    """Another project holds `HELD`, or a text that no tenant has."""
    with twins(tmp_path, sources=SOURCES) as (held, alone):
        held.hold(HELD, "async")
        held.finish()
        alone.hold({"else.txt": "The lock is shut in frost."})
        yield held, alone


def require_equal(pair: Twins, asks: Callable[[Lake], object]) -> None:
    found = told_apart(pair, asks)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("mode", MODES)
def test_every_route_answers_the_same(pair: Twins, mode: str) -> None:
    uploads = {"short": SHORT, "mixed": {**SHORT, **NEW}, "many": MANY, "long": LONG}

    def asks(one: Lake) -> None:
        one.look()
        for dataset, files in uploads.items():
            one.upload(files, mode, dataset)
            one.ask("GET", "/v1/datasets")
        one.look("long", query=SHORT["short.txt"])
        one.ask("DELETE", f"{documents('mixed')}/new.txt")
        one.look("mixed", query=SHORT["short.txt"])

    require_equal(pair, asks)
    for one in pair:
        one.finish()
    require_equal(pair, lambda one: one.look("mixed", query=SHORT["short.txt"]))


@pytest.mark.sample(2)
@pytest.mark.parametrize("mode", MODES)
def test_what_waits_does_not_tell_when_more_comes_or_goes(pair: Twins, mode: str) -> None:
    def asks(one: Lake) -> None:
        one.upload(LONG, "async")
        one.upload(NEW, mode)
        one.look(query=NEW["new.txt"])
        one.ask("DELETE", f"{documents('notes')}/new.txt")
        one.look(query=LONG["long.txt"][:200])

    require_equal(pair, asks)


@pytest.mark.sample(1)
@pytest.mark.parametrize("mode", MODES)
def test_a_text_that_was_deleted_and_comes_back_or_replaces_another(pair: Twins, mode: str) -> None:
    def asks(one: Lake) -> None:
        one.upload({"short.txt": "Something else at first.", **LONG}, "sync")
        one.upload(SHORT, mode)
        one.upload(SHORT, mode, overwrite=True)
        one.look(query=SHORT["short.txt"])
        for name in ("short.txt", "long.txt", "never.txt"):
            one.ask("DELETE", f"{documents('notes')}/{name}")
        one.look()
        one.upload({**SHORT, **LONG}, mode)
        one.look(query=SHORT["short.txt"])

    require_equal(pair, asks)


@pytest.mark.sample(1)
@pytest.mark.parametrize("mode", MODES)
def test_a_repeated_request_and_a_refused_one(pair: Twins, mode: str) -> None:
    def asks(one: Lake) -> None:
        for files in (SHORT, SHORT, NEW):
            one.upload(files, mode, idempotency="monday")
        one.upload({"bad.pdf": "no pdf", "empty.txt": "", **SHORT}, mode)
        one.upload({"bad.pdf": "no pdf"}, mode)
        one.upload(SHORT, mode, "Not a name")

    require_equal(pair, asks)


@pytest.mark.parametrize("mode", MODES)
def test_what_another_project_has_paid_for_is_not_paid_for_again(pair: Twins, mode: str) -> None:
    one = pair[0]
    paid = one.bill()
    one.upload({**SHORT, **LONG}, mode)
    one.finish()
    assert one.bill() == paid
    listed = one.ask("GET", "/v1/datasets")["data"]
    assert [row["pending_count"] for row in listed] == [0]
    hits = one.ask("POST", "/v1/search", json={"query": SHORT["short.txt"]})["data"]
    assert hits[0]["text"] == SHORT["short.txt"]


@pytest.mark.sample(1)
@pytest.mark.parametrize("mode", MODES)
def test_a_cap_on_spending_refuses_what_another_project_has_paid_for(
    tmp_path: Path, mode: str
) -> None:
    sources = {
        f"acme/{name}/dataset.toml": f"[budget]\nmax_cost_usd_per_{name} = 0.0000001\n"
        for name in ("day", "run")
    }
    with twins(tmp_path, sources=sources) as pair:
        for one, files in zip(pair, (SHORT, NEW), strict=True):
            one.hold(files)

        def asks(one: Lake) -> None:
            for dataset in ("day", "run"):
                one.upload(SHORT, mode, dataset)
                one.look(dataset, query=SHORT["short.txt"])

        require_equal(pair, asks)


def test_a_text_that_is_out_for_another_project_is_quoted_and_counted_as_new(
    tmp_path: Path,
) -> None:
    with twins(tmp_path, sources=SOURCES, latency_seconds=10_000.0) as pair:
        for one, files in zip(pair, (HELD, NEW), strict=True):
            one.hold(files, "async")
            one.operate("POST", "/v1/batches", json={})

        def asks(one: Lake) -> None:
            one.upload(SHORT, "async")
            one.upload(LONG, "auto")
            one.look()
            one.ask("DELETE", f"{documents('notes')}/long.txt")
            one.look()

        require_equal(pair, asks)


@pytest.mark.parametrize("mode", ["auto", "async"])
def test_a_text_that_the_service_refused_another_project_is_quoted_as_new(
    tmp_path: Path, mode: str
) -> None:
    refused = {"long.txt": LONG["long.txt"] + "\n\nUnspeakable."}
    with twins(tmp_path, sources=SOURCES) as pair:
        for one, files in zip(pair, (refused, NEW), strict=True):
            one.arm("invalid-texts", contains="Unspeakable")
            one.hold(files, "async")
            one.finish()

        def asks(one: Lake) -> None:
            one.upload(refused, mode)
            one.look()

        require_equal(pair, asks)


_TASK = """
model = "gemini-3.5-flash-lite"
datasets = ["acme/*", "other/*"]
prompt = "Summarise {{title}}: {{text}}"

[schema]
type = "object"
required = ["summary"]
properties.summary = {{ type = "string" }}

[use]
vector_text = {fields}
expected_output_tokens = 60
"""


@pytest.mark.sample(2)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fields", [[], ["summary"]], ids=["beside", "awaited"])
def test_an_answer_to_the_same_prompt_of_another_project(
    tmp_path: Path, fields: list[str], mode: str
) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "summary.toml").write_text(_TASK.format(fields=fields))
    with twins(tmp_path, sources=SOURCES, settings={"TASKS": str(tasks)}) as pair:
        for one, files in zip(pair, ({**SHORT, **LONG}, NEW), strict=True):
            one.hold(files, "async")
            one.finish()

        def asks(one: Lake) -> None:
            one.upload(SHORT, mode)
            one.look(query=SHORT["short.txt"])
            one.upload(LONG, mode)
            one.look(query=SHORT["short.txt"])

        require_equal(pair, asks)
        assert _is_quoted(pair[0]) == (mode != "sync")
        for one in pair:
            one.finish()
        require_equal(pair, lambda one: one.look(query=SHORT["short.txt"]))


def _is_quoted(one: Lake) -> bool:
    quotes = [body for line, _, _, body in one.heard if line.endswith("/v1/estimate")]
    return any(quote.get("generations") for quote in quotes)


def test_of_other_projects_the_same_is_said_of_what_is_there_and_what_is_not(pair: Twins) -> None:
    def asks(one: Lake) -> None:
        for dataset in ("held", "none"):
            for method, path in (
                ("GET", documents(dataset, "other")),
                ("GET", f"{documents(dataset, 'other')}/short.txt"),
                ("DELETE", f"{documents(dataset, 'other')}/short.txt"),
            ):
                one.ask(method, path)
            for path in ("/v1/search", "/v1/estimate"):
                body = {"query": "x"} if path == "/v1/search" else {}
                one.ask("POST", path, json={**body, "datasets": [f"other/{dataset}"]})

    require_equal(pair, asks)
    statuses = [status for _, status, _, _ in pair[0].heard]
    assert set(statuses) == {403}
    said = [(status, told, body) for _, status, told, body in pair[0].heard]
    assert said[: len(said) // 2] == said[len(said) // 2 :]


def test_every_route_is_asked_here_or_refused_to_a_key_of_one_project(pair: Twins) -> None:
    one = pair[1]
    one.look()
    one.upload(NEW, "async")
    one.look()
    one.ask("DELETE", f"{documents('notes')}/new.txt")
    asked = {line.partition(" ")[2] for line, status, _, _ in one.heard if status != 403}
    for path, methods in one.client.get("/openapi.json").json()["paths"].items():
        for method in map(str.upper, methods):
            shape = re.compile(f"{method} " + re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)))
            if path not in _OPEN and not any(map(shape.fullmatch, asked)):
                one.ask(method, re.sub(r"\{[^}]+\}", "x", path), json=_BODIES.get(path))
                assert one.heard[-1][1] == 403, (method, path)


def test_a_cap_tells_a_key_of_one_project_nothing_of_what_the_lake_has_spent(
    tmp_path: Path,
) -> None:
    sources = {"acme/notes/dataset.toml": "[budget]\nmax_cost_usd_per_run = 0.0000001\n"}
    with lake(tmp_path, sources) as one:
        refused = one.upload(NEW, "sync")
        assert (one.heard[-1][1], "$" in refused["detail"]) == (402, False)
        headers = {"Authorization": f"Bearer {one.operator}"}
        files = [("files[]", ("new.txt", b"The crane turns to the left."))]
        told = one.client.post(documents("notes"), files=files, headers=headers)
        assert (told.status_code, "$" in told.json()["detail"]) == (402, True)
