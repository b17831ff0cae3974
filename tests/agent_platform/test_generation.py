"""Tasks are answered through the Agent Platform as through the Developer API."""

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
