"""Articles in, answers out, from the library: files of every kind, records, texts, Documents."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semantic_assets import Document, SemanticCore
from semantic_assets.api.generation_job import GenerationJob, write_jsonl, write_parquet
from semantic_assets.emulator.server import RunningServer
from semantic_assets.errors import ConfigError, NotFound

ROWS = [
    {"id": "a1", "title": "Kiln", "text": "The kiln is fired on Fridays. It holds ninety bowls."},
    {"id": "a2", "title": "Glaze", "text": "The glaze is mixed from ash and clay. It turns green."},
]


@pytest.fixture
def core(
    tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SemanticCore]:
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    (tmp_path / "sources").mkdir()
    with SemanticCore(tmp_path / "lake") as opened:
        yield opened


@pytest.fixture
def sent(emulator: RunningServer) -> Callable[[], int]:
    def count() -> int:
        jobs = httpx2.get(f"{emulator.base_url}/emulator/state").json()["jobs"]
        return sum(job["requestCount"] for job in jobs)

    return count


def _csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ROWS[0])
        writer.writeheader()
        writer.writerows(ROWS)


_FORMS: dict[str, Callable[[Path], Any]] = {
    "articles.json": lambda path: path.write_text(json.dumps(ROWS)),
    "articles.jsonl": lambda path: path.write_text("\n".join(map(json.dumps, ROWS))),
    "articles.csv": _csv,
    "articles.parquet": lambda path: pq.write_table(pa.Table.from_pylist(ROWS), path),
}


def done(job: GenerationJob) -> dict[str, dict[str, Any]]:
    assert job.wait(timeout=60).is_done
    return {row["id"]: row for row in job.results()}


@pytest.mark.parametrize("name", _FORMS)
def test_a_file_of_any_kind_needs_no_other_call(
    core: SemanticCore, tmp_path: Path, name: str
) -> None:
    _FORMS[name](tmp_path / name)
    found = done(core.generate(tmp_path / name, task="summary-en"))
    assert found.keys() == {"a1", "a2"}
    assert "kiln" in found["a1"]["output"]["summary"]
    assert found["a2"]["output"]["keywords"]
    jobs = core.store.ledger.jobs.list()
    assert {str(job.kind) for job in jobs} == {"GENERATION"}  # nothing is embedded


@pytest.mark.parametrize(
    ("articles", "ids"),
    [
        (ROWS, {"a1", "a2"}),
        ([{"id": "ü/ 1?", "text": "Ids may be anything."}], {"ü/ 1?"}),
        ([str(row["text"]) for row in ROWS], {None}),
        ([Document(text="A note on oil.", name="n1")], {"n1"}),
    ],
)
def test_articles_may_come_from_memory(
    core: SemanticCore, articles: list[Any], ids: set[str | None]
) -> None:
    job = core.generate(articles, task="summary-en", name="memory")
    assert done(job).keys() == ids
    assert job.status().documents == len(articles)


def test_a_dry_run_quotes_and_sends_nothing(core: SemanticCore, sent: Callable[[], int]) -> None:
    quote = core.generate(ROWS, task="summary-en", name="week", dry_run=True)
    assert quote.requests == 2
    assert 0 < quote.usd < quote.usd_high
    assert sent() == 0


def test_submitted_again_only_what_changed_is_sent(
    core: SemanticCore, sent: Callable[[], int]
) -> None:
    done(core.generate(ROWS, task="summary-en", name="week"))
    assert done(core.generate(ROWS, task="summary-en", name="week")).keys() == {"a1", "a2"}
    assert sent() == 2
    edited = [ROWS[0], {**ROWS[1], "text": "The glaze is bought by now. It is blue."}]
    found = done(core.generate(edited, task="summary-en", name="week"))
    assert "blue" in str(found["a2"]["output"])
    assert sent() == 3
    fewer = core.generate(edited[:1], task="summary-en", name="week")
    assert done(fewer).keys() == {"a1"}
    assert sent() == 3


def test_another_process_goes_on_with_a_job_by_its_name(core: SemanticCore, tmp_path: Path) -> None:
    core.generate(ROWS, task="summary-en", name="week")
    core.generate(ROWS, task="entities-en", name="week")
    with SemanticCore(tmp_path / "lake") as other:
        assert other.generation("week", task="summary-en").wait(timeout=60).ready == 2
        with pytest.raises(NotFound, match="entities-en, summary-en"):
            other.generation("week")
        with pytest.raises(NotFound, match="generate list"):
            other.generation("month")


def test_results_are_written_as_lines_or_as_a_table(core: SemanticCore, tmp_path: Path) -> None:
    job = core.generate(ROWS, task="summary-en", name="week")
    done(job)
    assert write_jsonl(job.results(), tmp_path / "week.jsonl") == 2
    lines = [json.loads(line) for line in (tmp_path / "week.jsonl").read_text().splitlines()]
    assert write_parquet(job.results(), tmp_path / "week.parquet") == 2
    table = pq.read_table(tmp_path / "week.parquet").to_pylist()
    assert [row["id"] for row in lines] == [row["id"] for row in table]
    assert json.loads(table[0]["output"]) == lines[0]["output"]


@pytest.mark.parametrize(
    ("articles", "options", "message"),
    [
        (None, {}, "say what is to be processed"),
        (ROWS, {"dataset": "acme/x", "name": "week"}, "say what is to be processed"),
        (ROWS, {}, "need a name"),
        ([], {"name": "week"}, "there are no articles"),
        ("nowhere.jsonl", {}, "no such file"),
        (ROWS, {"name": "Not a name"}, "use only a-z"),
        ([1, 2], {"name": "week"}, "article 0 is a int"),
        (ROWS, {"name": "week", "task": "nothing"}, "there is no task 'nothing'"),
        (None, {"dataset": "acme/nowhere"}, "there is no dataset acme/nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_sends_nothing(
    core: SemanticCore,
    sent: Callable[[], int],
    articles: Any,
    options: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(ConfigError, match=message):
        core.generate(articles, **{"task": "summary-en", **options})
    assert sent() == 0


def test_a_file_that_is_no_records_is_refused(core: SemanticCore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A text.")
    with pytest.raises(ConfigError, match="an array"):
        core.generate(tmp_path / "a.txt", task="summary-en")
