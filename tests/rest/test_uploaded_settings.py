"""No upload becomes a file that settings, tasks, schemas or questions are read from."""

import pytest

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.generation.task_versions import tasks_beside
from tests.rest.conftest import Served

_TASK = 'schema_model = "antigravity:Model"'
_LINE = '{"_id": "q1", "text": "Where does the heron stand?"}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, _TASK) for name in ("x.task.toml", "dataset.toml", "x.toml", "x.task.toml.txt")),
        *((name, _LINE) for name in ("x.schema.json", "queries.jsonl", "DATASET.TOML")),
    ],
)
def test_an_upload_is_no_setting(served: Served, name: str, content: str) -> None:
    served.upload((name, content), mode="async")
    dataset = served.core.store.settings.sources / "acme" / "notes"
    # Settings are read from the folder of the dataset itself.
    assert not [path for path in dataset.glob("*") if path.is_file()]
    beside = [path for path in dataset.rglob("*.toml") if "_ingested" not in path.parts]
    assert beside == []
    assert tasks_beside(served.core.store, DatasetKey("acme", "notes")).valid == {}
