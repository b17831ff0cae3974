"""A hostile text is stored, split and found, or refused, in time; its neighbours are found."""

import time
from collections.abc import Callable

import pytest

from tests.hostile.texts import TEXTS
from tests.rest.conftest import Served, serve  # noqa: F401

#: CPU seconds of this process, the emulator's in it too, for a text of up to 1.2 MB.
_MOST_CPU_SECONDS = 25.0


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_ends_in_time_and_hides_no_neighbour(
    serve: Callable[..., Served],  # noqa: F811
    name: str,
) -> None:
    served = serve()
    served.upload(("honest.txt", "The heron stands in the shallow water."), mode="sync")
    began = time.process_time()
    answer = served.upload(("hostile.md", TEXTS[name]), mode="async")
    assert answer.status_code in (202, 422), answer.text
    served.core.batch_manager.process_queue()
    body = {"query": "Where does the heron stand?", "datasets": ["acme/notes"], "k": 3}
    found = served.client.post("/v1/search", json=body)
    assert time.process_time() - began < _MOST_CPU_SECONDS
    assert found.status_code == 200
    assert any("heron" in hit["text"] for hit in found.json()["data"])
    if answer.status_code == 202:
        (row,) = [
            row
            for row in served.client.get("/v1/projects/acme/datasets/notes/documents").json()[
                "data"
            ]
            if row["name"] == "hostile.md"
        ]
        assert row["chunks"] >= 1
