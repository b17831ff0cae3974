"""Two corpora in somebody else's project, which has an asset `documents` of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from dagster.components.core.component_tree import ComponentTreeException

from semantic_assets import CorpusComponent
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.sensors import (
    Body,
    dataset_discovery_sensor,
    gemini_batch_sensor,
)
from semantic_assets.settings.settings import Settings, project_dir
from tests.interfaces import dg_project

_NAME = "garden"
_TEXTS = {"acme": "The valve is opened by turning the red wheel.", "beta": "The dome is shut."}


class Garden:
    """The project. Each corpus has an emulator of its own, as it has a key at Google."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = folder / "src" / _NAME / "defs"

    def load(self) -> dg.Definitions:
        return dg.load_from_defs_folder(path_within_project=self.written)

    def change(self, name: str, old: str, new: str) -> None:
        """Edit the YAML of one corpus."""
        file = self.written / name / "defs.yaml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Garden]:
    project = dg_project.make_project(tmp_path / "project", _NAME)
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS", "0")
    found = Garden(project)
    with dg_project.inside(project, _NAME, monkeypatch):
        for name, text in _TEXTS.items():
            code, shown = dg_project.dg("scaffold", "defs", "semantic_assets.CorpusComponent", name)
            assert code == 0, shown
            document = project / "data" / name / "sources" / name / "notes" / "a.txt"
            document.parent.mkdir(parents=True)
            document.write_text(text)
        (found.written / "documents.py").write_text(dg_project.DOCUMENTS)
        yield found


@pytest.mark.usefixtures("garden")
def test_both_stand_beside_an_asset_of_the_same_name() -> None:
    for words in ("check toml", "check yaml", "check defs"):
        code, shown = dg_project.dg(*words.split())
        assert code == 0, shown
    code, shown = dg_project.dg("list", "defs", "--json")
    assert code == 0, shown
    listed = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    keys = [asset["asset_key"] for asset in listed["assets"]]
    assert {"documents", "acme/documents", "beta/documents"} <= set(keys)
    assert len(keys) == len(set(keys)) == 1 + 2 * 8
    groups = {asset["asset_key"]: asset["group_name"] for asset in listed["assets"]}
    assert (groups["acme/chunks"], groups["beta/chunks"]) == ("acme", "beta")
    names = [job["name"] for job in listed["jobs"]]
    assert len(names) == len(set(names)) == 2 * 6


def test_each_sensor_brings_its_own_sources_to_its_own_lake(garden: Garden) -> None:
    defs = garden.load()
    with dg.DagsterInstance.ephemeral() as instance:
        for name in _TEXTS:
            assert _serve(defs, instance, name, dataset_discovery_sensor) == {
                f"{name}__embed_shard"
            }
        for name in _TEXTS:
            ran = _serve(defs, instance, name, gemini_batch_sensor)
            assert ran == {
                f"{name}__{job}" for job in ("advance_batches", "settle_shard", "index_dataset")
            }
            assert instance.get_dynamic_partitions(f"{name}__shards") == [f"{name}.notes.00000"]
            for asset in ("documents", "embeddings"):
                key = dg.AssetKey([name, asset])
                assert instance.get_materialized_partitions(key) == {f"{name}.notes.00000"}
        assert instance.get_dynamic_partitions("shards") == []
        assert (
            defs.resolve_implicit_global_asset_job_def()
            .execute_in_process(instance=instance, asset_selection=[dg.AssetKey("documents")])
            .success
        )
    for name, text in _TEXTS.items():
        assert _texts(garden.folder / "data" / name / "lake") == [text]


def _serve(defs: dg.Definitions, instance: dg.DagsterInstance, name: str, sensor: Body) -> set[str]:
    """Tick a sensor and run what it asks for until it asks for nothing; the jobs' names."""
    ran: set[str] = set()
    lake = (defs.resources or {})[f"{name}__lake"]
    while True:
        with dg.build_sensor_context(instance=instance, definitions=defs) as context:
            ticked = sensor(context, lake, Place((name,)))
        for request in ticked.dynamic_partitions_requests or []:
            instance.add_dynamic_partitions(
                request.partitions_def_name, list(request.partition_keys)
            )
        if not ticked.run_requests:
            return ran
        for run in ticked.run_requests:
            job = defs.resolve_job_def(str(run.job_name))
            assert job.execute_in_process(
                instance=instance, partition_key=run.partition_key
            ).success
            ran.add(str(run.job_name))


def _texts(lake: Path) -> list[str]:
    """What was read into a lake."""
    files = lake.glob("documents/**/*.parquet")
    return [text for file in files for text in pq.read_table(file)["text"].to_pylist()]


def test_a_key_that_is_none_is_refused_in_one_line_with_its_place(garden: Garden) -> None:
    garden.change("beta", "  root:", "  rot:")
    code, shown = dg_project.dg("check", "yaml", str(garden.written / "beta"))
    assert code == 1
    assert "beta/defs.yaml:4 - semantic_assets.CorpusComponent attributes.rot" in shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("settings: {tir: 2}", "there is no setting tir: did you mean tier?"),
        ("settings: {tier: 9}", "tier = '9': use a whole number from 1 to 3"),
        ("settings: {api_key: abc}", "api_key would be shown to everyone"),
        ("settings: {sources: elsewhere}", "sources has a key of its own"),
        ("backend: gemni", "backend = 'gemni': use one of emulator, gemini"),
        ("budget: {max_cost_usd_per_day: -1}", "max_cost_usd_per_day = '-1.0': use a number"),
        ("schedule: hourly", "schedule: 'hourly' is no cron line"),
        ("key_prefix: be ta", "key_prefix: 'be ta' must be letters and digits"),
        ("group: be ta", "group: 'be ta' must be letters, digits and underscores"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_file_and_key(
    garden: Garden, line: str, said: str
) -> None:
    key = line.partition(":")[0]
    file = garden.written / "beta" / "defs.yaml"
    kept = [one for one in file.read_text().splitlines() if not one.startswith(f"  {key}:")]
    file.write_text("\n".join([*kept, f"  {line}", ""]))
    with pytest.raises(ComponentTreeException) as raised:
        garden.load()
    assert f"src/{_NAME}/defs/beta: " in _whole(raised.value)
    assert said in _whole(raised.value)


def _whole(error: BaseException | None) -> str:
    """The messages of an error and its causes."""
    return "" if error is None else f"{error}\n{_whole(error.__cause__ or error.__context__)}"


def test_a_budget_of_a_component_reaches_the_settings_without_the_environment(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY", "100")
    garden.change("beta", "  group: beta", "  budget: {max_cost_usd_per_day: 0.5}")
    lake = (garden.load().resources or {})["beta__lake"]
    settings = Settings.load(root=lake.root, given=lake.settings, secrets=lake.secrets)
    assert settings.max_cost_usd_per_day == 0.5
    assert settings.sources == garden.folder / "data" / "beta" / "sources"
    assert settings.tasks == garden.folder / "data" / "beta" / "tasks"


def test_a_secret_is_read_from_its_variable_and_stands_in_no_definition(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETA_KEY", "a-key-of-beta")
    garden.change("beta", "  group: beta", "  secrets: {api_key: BETA_KEY}")
    lake = (garden.load().resources or {})["beta__lake"]
    assert "a-key-of-beta" not in repr(lake)
    settings = Settings.load(root=lake.root, given=lake.settings, secrets=lake.secrets)
    assert settings.api_key == "a-key-of-beta"


def test_a_schedule_of_a_component_is_on(garden: Garden) -> None:
    garden.change("beta", "  group: beta", "  schedule: 15 6 * * *")
    found = garden.load().resolve_schedule_def("beta__refresh_schedule")
    assert found.cron_schedule == "15 6 * * *"
    assert found.default_status == dg.DefaultScheduleStatus.RUNNING
    off = garden.load().resolve_schedule_def("acme__refresh_schedule")
    assert off.default_status == dg.DefaultScheduleStatus.STOPPED


def test_the_page_shows_a_corpus_that_loads_and_names_every_key(garden: Garden) -> None:
    page = (
        (project_dir() / "docs" / "dagster.md").read_text().partition("## Inside your project")[2]
    )
    [example] = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (garden.written / "acme" / "defs.yaml").write_text(example)
    defs = garden.load()
    assert defs.resolve_job_def("acme__refresh")
    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == list(CorpusComponent.model_fields)
