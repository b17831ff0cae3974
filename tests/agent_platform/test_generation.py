"""Tasks are answered through the Agent Platform as through the Developer API."""

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.document_list import document_list
from semantic_assets.pipeline.reports.sql import connect
from tests.emulator import drawn
from tests.trial import Trial

TASK = """
model = "gemini-3.5-flash-lite"
datasets = ["acme/notes"]
prompt = "What is the text about?\\n\\n{text}"
[schema]
type = "object"
required = ["topic"]
[schema.properties.topic]
type = "string"
"""


def test_each_document_is_answered_once(platform: Trial) -> None:
    for number in range(3):
        platform.write(f"acme/notes/{number}.txt", f"The buoy {number} is painted in spring.")
    tasks = platform.settings.tasks
    tasks.mkdir(parents=True, exist_ok=True)
    (tasks / "topic.toml").write_text(TASK)
    platform.refresh()
    assert set(platform.sent().values()) == {1}
    assert len(platform.prompts()) == 3
    models = {job["model"] for job in platform.remote_jobs()}
    assert models == {"gemini-embedding-001", "gemini-3.5-flash-lite"}
    assert platform.paid_twice() == []
    assert platform.gemini.batches.list_files() == []


def _write_picture(trial: Trial) -> None:
    trial.write("acme/notes/dataset.toml", "transcribe = true")
    trial.write("acme/notes/a.png", drawn.png("red", "circle", "white"))


def test_pictures_go_beside_the_input_and_are_deleted_with_it(platform: Trial) -> None:
    _write_picture(platform)
    platform.refresh()
    with connect(platform.store) as lake:
        found = lake.execute("SELECT parse_status, parse_error FROM documents").fetchall()
    assert found == [("described", None)]
    assert platform.paid_twice() == []
    assert platform.gemini.batches.list_files() == []


def test_a_picture_that_the_service_cannot_read_fails_alone_and_says_why(platform: Trial) -> None:
    _write_picture(platform)
    platform.refresh(wait_minutes=0)
    files = [name for name, _ in platform.gemini.batches.list_files()]
    (picture,) = (name for name in files if "/media/" in name)
    platform.gemini.batches.delete_file(picture)  # by somebody, while the job waits
    platform.pass_time()
    platform.refresh()
    (document,) = document_list(platform.store, DatasetKey("acme", "notes"), limit=2)
    assert "cannot be read or does not exist" in str(document.error)
    assert platform.paid_twice() == []
