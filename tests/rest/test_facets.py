"""The counts of what a search can be filtered by."""

from collections.abc import Callable

from tests.rest.conftest import Served


def test_passages_are_counted_by_what_they_can_be_filtered_by(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    served.upload(
        ("a.md", "---\ndate: 2021-03-01\n---\nPumps of one kind."),
        ("b.md", "---\ndate: 2024\n---\nValves of another kind."),
        ("c.txt", "Pipes without a date."),
        mode="sync",
    )

    def count(**body: object) -> dict[str, object]:
        answer = served.client.post("/v1/facets", json=body)
        assert answer.status_code == 200, answer.text
        return {name: found for name, found in answer.json().items() if name != "object"}

    assert count() == {
        "project": {"acme": 3},
        "dataset": {"acme/notes": 3},
        "kind": {"md": 2, "txt": 1},
        "year": {"2021": 1, "2024": 1},
    }
    assert count(datasets=["acme"], where={"kind": "md", "year": {">=": 2022}}) == {
        "project": {"acme": 1},
        "dataset": {"acme/notes": 1},
        "kind": {"md": 1},
        "year": {"2024": 1},
    }
    assert count(where={"kind": "pdf"})["kind"] == {}
    wrong = served.client.post("/v1/facets", json={"where": {"auther": "x"}})
    assert wrong.status_code == 422
    assert "no document here has a field 'auther'" in wrong.json()["detail"]
    unknown = served.client.post("/v1/facets", json={"datasets": ["acme/note"]})
    assert unknown.status_code == 404
    assert "did you mean acme/notes" in unknown.json()["detail"]
