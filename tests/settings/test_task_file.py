"""Task files: all of one is checked when it is read, and the message names file, key and cure."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from semantic_assets.batching.response_schema import wire_schema
from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.settings.settings import project_dir
from semantic_assets.settings.task_file import TaskFile, read_task, read_tasks, read_tasks_beside

MODEL = "gemini-3.5-flash-lite"
HEAD = f'model = "{MODEL}"\nprompt = "Read {{text}}"\n'
SCHEMA = '[schema]\ntype = "object"\n[schema.properties.summary]\ntype = "string"\n'
NEWS = DatasetKey("acme", "news")


class Verdict(BaseModel):
    """A model of the tests."""

    is_good: bool
    why: str | None = None


def read(tmp_path: Path, content: str, name: str = "t") -> TaskFile:
    path = tmp_path / f"{name}.toml"
    path.write_text(content)
    return read_task(path, name, backend="emulator")


def test_the_tasks_that_ship_are_valid_in_both_languages() -> None:
    found = read_tasks(project_dir() / "data" / "tasks", backend="gemini").valid
    names = {"summary-en", "summary-ru", "entities-en", "entities-ru", "describe-media"}
    assert found.keys() == names
    assert all(file.task.schema is not None for file in found.values())
    # Nobody is billed for having installed them.
    assert not any(file.takes(NEWS) for file in found.values())


def test_a_file_says_what_is_asked_and_of_whom(tmp_path: Path) -> None:
    content = (
        'datasets = ["acme/*"]\nsystem = "Be brief."\n'
        + HEAD
        + '[generation]\nthinking_budget = 0\nmax_output_tokens = 99\n[use]\nvector_text = ["summary"]\n'
        + "[budget]\nmax_cost_usd_per_day = 2\n"
        + SCHEMA
    )
    found = read(tmp_path, content)
    assert found.task.system_instruction == "Be brief."
    assert found.task.config == {"thinking_budget": 0, "max_output_tokens": 99}
    assert found.use.vector_text == ("summary",)
    assert found.use.expected_output_tokens == 99
    assert found.use.max_cost_usd_per_day == 2
    assert found.takes(NEWS)
    assert not found.takes(DatasetKey("other", "news"))


def test_what_an_answer_depends_on_makes_another_task_and_nothing_else(tmp_path: Path) -> None:
    first = read(tmp_path, HEAD).task
    assert read(tmp_path, HEAD + "[budget]\nmax_cost_usd_per_day = 2\n").task == first
    for change in ('system = "x"\n', "[generation]\ntemperature = 1\n", SCHEMA):
        assert read(tmp_path, HEAD + change).task.task_id != first.task_id


def test_a_schema_may_be_a_file_or_a_pydantic_model(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    of_file = read(tmp_path, HEAD + 'schema_file = "s.json"\n').task.schema
    assert of_file is not None
    assert wire_schema(of_file)["type"] == "OBJECT"
    of_model = read(tmp_path, HEAD + f'schema_model = "{__name__}:Verdict"\n').task.schema
    assert of_model is not None
    assert wire_schema(of_model)["properties"]["why"]["nullable"] is True


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('model = "x"', "prompt is missing"),
        ("model = ", "not valid TOML"),
        (HEAD + "sytem = 'x'\n", "did you mean system"),
        (HEAD + "[generation]\ntemprature = 1\n", "did you mean generation.temperature"),
        (HEAD + "[generation]\ntemperature = true\n", "use a number"),
        (HEAD.replace(MODEL, "gemini-2.0-flash"), "shut down on 2026-06-01: use gemini-3.5"),
        (HEAD.replace(MODEL, "gemini-2.5-pro"), "2026-12-01: use gemini-3.8-flash"),
        (HEAD.replace(MODEL, "gpt"), "unknown: use one of"),
        (HEAD.replace("{text}", "{body}"), "names {body}"),
        (HEAD + "[generation]\nmax_output_tokens = 99999999\n", "use 1 to 65536"),
        (HEAD + 'datasets = ["acme"]\n', "use a list of project/dataset"),
        (HEAD + '[use]\nvector_text = ["summary"]\n', "properties are none"),
        (HEAD + '[use]\ndocuments = "nothing"\n' + SCHEMA, "properties are summary"),
        (HEAD + 'schema_file = "none.json"\n', "schema_file none.json"),
        (HEAD + 'schema_model = "nowhere:X"\n', "package.module:Model"),
        (HEAD + '[schema]\ntype = "nonsense"\n', "schema"),
        (HEAD + 'schema_file = "x"\n' + SCHEMA, "keep one"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_key_and_cure(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as refusal:
        read(tmp_path, content)
    assert str(tmp_path / "t.toml") in str(refusal.value)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="use only a-z"):
        read(tmp_path, HEAD, "My Task")


def test_a_task_beside_a_dataset_is_for_it_alone(tmp_path: Path) -> None:
    (tmp_path / "own.task.toml").write_text(HEAD)
    found = read_tasks_beside(tmp_path, NEWS, backend="emulator").valid
    assert found["own"].takes(NEWS)
    assert not found["own"].takes(DatasetKey("acme", "other"))
    (tmp_path / "own.task.toml").write_text(f'datasets = ["a/b"]\n{HEAD}')
    broken = read_tasks_beside(tmp_path, NEWS, backend="emulator").broken
    assert "for acme/news alone" in broken["own"]
