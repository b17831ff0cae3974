"""What is said of tasks, their files and their answers goes on with them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets import SemanticCore
from semantic_assets.errors import Conflict, NotFound
from semantic_assets.model.chat_models import CHAT_MODELS
from tests.remedies.desk import DATASET, Desk

_MODEL = "gemini-3.5-flash-lite"
_TASK = """
model = "gemini-3.5-flash-lite"
datasets = ["acme/manuals"]
prompt = "{prompt}\\n\\n{{text}}"

[schema]
type = "object"
required = ["summary"]
properties.summary = {{ type = "string", minLength = 1 }}

[generation]
temperature = 0
max_output_tokens = 256

[budget]
max_cost_usd_per_day = {cap}
"""


def _task(desk: Desk, *, prompt: str = "Sum up.", cap: float = 1.0) -> Path:
    folder = desk.folder / "tasks"
    folder.mkdir(exist_ok=True)
    desk.set("TASKS", str(folder))
    path = folder / "short.toml"
    path.write_text(_TASK.format(prompt=prompt, cap=cap))
    return path


@pytest.mark.cures("nothing is generated under {}{}: `semantic-assets generate list` shows what is")
def test_results_of_a_task_that_there_is_not(desk: Desk) -> None:
    _task(desk)
    desk.must("init")
    said = desk.refused("generate", "status", "nothing")
    assert "short" in desk.follow(said, "generate list", "--json")


@pytest.mark.cures("`semantic-assets generate retry {}` gives them another chance")
@pytest.mark.cures("{} FAILED: `semantic-assets failures`")
def test_answers_that_failed(desk: Desk) -> None:
    _task(desk)
    desk.arm("stopped-answers", times=None, fraction=1.0)
    told = desk.must("refresh", code=1)
    assert "1 answer FAILED" in told
    said = desk.follow(told, "failures", "--json")
    desk.disarm()
    desk.follow(said, "generate retry")
    desk.must("refresh")


@pytest.mark.cures("`semantic-assets generate status {} --wait` waits for all")
def test_answers_that_are_out(desk: Desk) -> None:
    _task(desk)
    desk.send()
    said = desk.must("generate", "status", DATASET, code=4)
    desk.follow(said, "status", code=4)
    desk.pass_time()
    desk.follow(said, "generate status")


@pytest.mark.cures("{} wait to be sent: `semantic-assets refresh` quotes and sends them")
def test_documents_that_came_since_a_dataset_was_submitted(desk: Desk) -> None:
    _task(desk)
    desk.must("refresh")
    desk.write("b.txt", "The gate is shut in frost.")
    desk.must("generate", "submit", "--dataset", DATASET, "-t", "short", "--dry-run")
    said = desk.refused("status", DATASET)
    desk.follow(said, "refresh")
    desk.must("status", DATASET)


@pytest.mark.cures(
    "job {} brought answers of {} and no vectors: `semantic-assets generate results {}`"
)
def test_results_of_a_generation_job(desk: Desk) -> None:
    _task(desk)
    desk.must("refresh")
    rows = json.loads(desk.must("sql", "SELECT id, job_type FROM batch_jobs", "--json"))
    (job,) = {row["id"] for row in rows if row["job_type"] == "GENERATION"}
    with SemanticCore() as core, pytest.raises(Conflict) as refusal:
        core.batch_manager.retrieve_results(job)
    assert "summary" in desk.follow(str(refusal.value), "generate results")
    assert "summary" in desk.must("results", job)


@pytest.mark.cures("job {} is {} ({}): its answers are here when it is collected")
@pytest.mark.cures("{} is no batch job of a task: `semantic-assets jobs` lists all")
def test_answers_of_a_job_that_has_none_yet(desk: Desk) -> None:
    _task(desk)
    desk.send()
    rows = json.loads(desk.must("sql", "SELECT id, job_type FROM batch_jobs", "--json"))
    (job,) = {row["id"] for row in rows if row["job_type"] == "GENERATION"}
    with SemanticCore() as core:
        with pytest.raises(NotFound) as no_job:
            core.batch_manager.retrieve_answers("nothing")
        with pytest.raises(Conflict) as early:
            core.batch_manager.retrieve_answers(job)
    assert job in desk.follow(str(no_job.value), "jobs", "--json")
    desk.pass_time()
    desk.follow(str(early.value), "collect")
    desk.must("results", job)


@pytest.mark.cures(
    "dataset {} is not processed by a task {}: `semantic-assets generate submit --dataset {}"
)
def test_a_task_that_does_not_process_a_dataset(desk: Desk) -> None:
    path = _task(desk)
    path.write_text(path.read_text().replace('datasets = ["acme/manuals"]\n', ""))
    desk.must("refresh")
    said = desk.refused("generate", "regenerate", "-d", DATASET, "-t", "short", "-y")
    desk.follow(said, "generate submit", "-y", code=4)


@pytest.mark.cures(
    "dataset {} is processed by {}, the file of task {} has changed since: "
    "`semantic-assets generate regenerate --dataset {} --task {}`"
)
@pytest.mark.cures(
    "`semantic-assets generate regenerate -d {} -t {}` quotes what the new one costs"
)
def test_a_task_whose_file_has_changed(desk: Desk) -> None:
    _task(desk)
    desk.must("refresh")
    _task(desk, prompt="Sum up in one sentence.")
    said = desk.run("doctor", "--json").output
    desk.followed.append(said)
    refused = desk.refused("generate", "submit", "-d", DATASET, "-t", "short", "-y")
    desk.follow(refused, "generate regenerate", "-y")
    assert "regenerate" not in desk.run("doctor", "--json").output


@pytest.mark.cures(
    "task {}: ${} of its ${} for today is spent or committed, the next job costs up to ${}"
)
def test_a_task_over_its_cap(desk: Desk) -> None:
    _task(desk, cap=0.0000001)
    said = desk.send()
    _task(desk, cap=1.0)
    desk.follow(said, "generate regenerate", "-d", DATASET, "-t", "short", "-y")
    desk.finish()


@pytest.mark.cures("{}: `transcribe = true` in dataset.toml reads them for about {}")
@pytest.mark.cures("`transcribe = true` in dataset.toml reads scans and pictures")
def test_a_picture_without_a_task(desk: Desk) -> None:
    from PIL import Image

    desk.must("refresh")
    Image.new("RGB", (64, 64), "white").save(desk.sources / DATASET / "scan.png")
    desk.run("refresh")
    desk.followed += [desk.must("estimate"), desk.must("failures", "--json")]
    (desk.sources / DATASET / "dataset.toml").write_text("transcribe = true\n")
    desk.must("refresh")
    assert "scan.png" not in desk.run("failures", "--json").output


@pytest.mark.cures("{}. Nothing more is sent of it: set model in its file")
def test_a_task_whose_model_is_shut_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _task(desk)
    desk.must("refresh")
    lite = replace(CHAT_MODELS[_MODEL], retires="2020-01-01", replacement="gemini-3.8-flash")
    monkeypatch.setitem(CHAT_MODELS, _MODEL, lite)
    desk.write("b.txt", "The sluice is opened at low water.")
    said = desk.must("refresh", code=1)
    assert "short" in desk.must("generate", "list", "--json")
    path.write_text(path.read_text().replace(_MODEL, "gemini-3.8-flash"))
    desk.follow(said, "generate regenerate", "-y")
    assert "stopped" not in desk.must("refresh")


@pytest.mark.cures("`semantic-assets generate retry {} -t {}` asks again")
def test_a_picture_that_the_model_refused(desk: Desk) -> None:
    from PIL import Image

    desk.must("refresh")
    Image.new("RGB", (64, 64), "white").save(desk.sources / DATASET / "scan.png")
    (desk.sources / DATASET / "dataset.toml").write_text("transcribe = true\n")
    desk.arm("stopped-answers", times=None, fraction=1.0, reason="SAFETY")
    desk.run("refresh")
    desk.disarm()
    desk.follow(desk.must("failures", "--json"), "generate retry")
    desk.must("refresh")
    assert "scan.png" not in desk.run("failures", "--json").output
