"""What there is to search, as the page shows it before anything is asked."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.refresh_now import refresh_now
from semantic_assets.pipeline.search.overview import corpus as module
from tests.rest.conftest import Served

_HERONS = "# Herons\n\nThe heron nests in March.\n\n## The grey heron\n\nIt stands still for hours."


def _corpus(served: Served, key: str | None = None) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = served.client.get("/v1/corpus", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_an_empty_lake_has_nothing_to_search_and_no_examples(served: Served) -> None:
    found = _corpus(served)
    assert [found[name] for name in ("datasets", "documents", "passages")] == [0, 0, 0]
    assert (found["changed_at"], found["examples"], found["is_free"]) == (None, [], True)


def test_what_is_found_and_what_waits_are_counted_apart(served: Served) -> None:
    served.upload(("heron.md", _HERONS), mode="sync")
    assert _corpus(served)["documents_waiting"] == 0
    served.upload(("otter.md", "The otter sleeps."), mode="async")
    found = _corpus(served)
    assert (found["projects"], found["datasets"], found["documents"]) == (1, 1, 1)
    assert found["passages"] == sum(
        shard.chunks for shard in served.core.reader.ledger.sources.shards()
    )
    assert abs(float(str(found["changed_at"])) - time.time()) < 60
    assert (found["documents_waiting"], found["passages_waiting"]) == (1, 0)


def test_an_example_is_a_heading_that_finds_its_dataset(served: Served) -> None:
    served.upload(("heron.md", _HERONS), mode="sync")
    examples = _corpus(served)["examples"]
    assert isinstance(examples, list)
    assert examples
    for example in examples:
        assert "#" not in example["query"]
        hits = served.client.post("/v1/search", json={"query": example["query"]}).json()["data"]
        assert hits[0]["dataset"] == example["dataset"] == "acme/notes"


def test_judged_questions_are_the_examples_where_there_are_some(
    served: Served, tmp_path: Path
) -> None:
    folder = tmp_path / "sources" / "acme" / "birds"
    folder.mkdir(parents=True)
    (folder / "heron.md").write_text(_HERONS)
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": "When do herons nest?"}))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\theron.md\t1\n")
    refresh_now(served.core.store, served.core.gemini, DatasetKey("acme", "birds"), mode="sync")
    assert _corpus(served)["examples"] == [
        {"dataset": "acme/birds", "query": "When do herons nest?"}
    ]


def test_a_key_of_one_project_learns_of_no_other(serve: Callable[..., Served]) -> None:
    served = serve(needs_key=True)
    _, ours = served.keys.make(project="acme", role="write")
    _, theirs = served.keys.make(project="zeta", role="read")
    headers = {"Authorization": f"Bearer {ours}"}
    assert served.upload(("heron.md", _HERONS), headers=headers, mode="sync").status_code == 200
    assert _corpus(served, ours)["documents"] == 1
    found = _corpus(served, theirs)
    assert (found["documents"], found["passages"], found["examples"]) == (0, 0, [])


def test_while_nothing_is_written_nothing_is_counted_again(served: Served) -> None:
    served.upload(("heron.md", _HERONS), mode="sync")
    first = _corpus(served)
    known = module._known[served.core.reader.ledger.database.engine]
    counted = known.counts
    assert _corpus(served) == first
    assert known.counts is counted
