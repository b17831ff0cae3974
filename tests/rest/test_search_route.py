"""POST /v1/search: its options, pages and groups, and what a key may name."""

import json
from itertools import groupby
from typing import Any

import pytest

from tests.rest.conftest import Served


@pytest.fixture
def ships(served: Served) -> Served:
    rows = [
        {"id": f"r{n}", "text": f"Ship {n} left berth {n % 7} at dawn.", "year": 1990 + n}
        for n in range(36)
    ]
    served.upload(("ships.jsonl", "\n".join(map(json.dumps, rows))), mode="sync")
    return served


def ask(served: Served, query: str, **body: object) -> dict[str, Any]:
    answer = served.client.post("/v1/search", json={"query": query, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_options_pages_filters_and_groups(ships: Served) -> None:
    everything = ask(ships, "berth", k=50, floor=False)
    assert (len(everything["data"]), everything["has_more"]) == (36, False)
    found: list[str] = []
    for offset in range(0, 36, 10):
        page = ask(ships, "berth", k=10, offset=offset, datasets=["acme"], floor=False)
        found += [hit["record_id"] for hit in page["data"]]
        assert page["has_more"] == (offset < 30)
    assert found == [hit["record_id"] for hit in everything["data"]]
    for mode in ("hybrid", "dense", "words"):
        where = {"year": {">=": 2020, "<": 2023}}
        some = ask(ships, "Which ship left?", mode=mode, where=where)["data"]
        assert {hit["record_id"] for hit in some} == {"r30", "r31", "r32"}
    grouped = ask(ships, "ship at dawn", group="document", per_document=1, k=4)["data"]
    assert len([name for name, _ in groupby(hit["document_id"] for hit in grouped)]) == 4
    nothing = ask(ships, "asdkjh qweoiu zmxncb", mode="words")
    assert (nothing["data"], nothing["has_more"]) == ([], False)


def test_a_hit_carries_all_that_is_known_of_it(ships: Served) -> None:
    hit = ask(ships, "ship 17", k=1)["data"][0]
    assert hit["record_id"] == "r17"
    assert hit["metadata"] == {"year": "2007"}
    assert hit["scores"]["words_rank"] == 1
    assert hit["sentence"]["text"] == "Ship 17 left berth 3 at dawn."


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"where": {"colour": "red"}}, 422, "colour"),
        ({"where": {"year": []}}, 422, "where"),
        ({"where": {"year": {"~": 1}}}, 422, "year"),
        ({"group": "author"}, 422, "group"),
        ({"per_document": 0}, 422, "per_document"),
    ],
)
def test_what_cannot_be_asked_is_named(
    ships: Served, body: dict[str, object], status: int, named: str
) -> None:
    answer = ships.client.post("/v1/search", json={"query": "ship", **body})
    assert answer.status_code == status
    assert named in answer.json()["detail"]
