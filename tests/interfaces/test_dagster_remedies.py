"""A failed check and a failed run say what to do now, in commands that there are."""

import re
import shlex

import click
import dagster as dg
import pytest

from semantic_assets import errors
from semantic_assets.cli import main
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.failures import with_remedy
from semantic_assets.orchestration.reporting import remedies
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.settings.settings import Settings
from tests.interfaces.dagster_world import SHARD, World

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.SemanticAssetsError)
    and not kind.__subclasses__()
]
TEXTS = [
    *(remedies.remedy_of_check(name, SHARD) for name in remedies.PROMISES),
    *(remedies.remedy_of_error(kind()) for kind in KINDS),
    remedies.remedy_of_error(OSError()),
]
COMMANDS = sorted({c for text in TEXTS for c in re.findall(r"`semantic-assets ([^`]+)`", text)})


def test_every_check_of_an_asset_has_a_promise_and_a_cure() -> None:
    graph = build_definitions(LakeResource()).resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert {spec.name for spec in specs} == set(remedies.PROMISES)
    assert all(spec.description == remedies.PROMISES[spec.name] for spec in specs)
    assert all(remedies.remedy_of_check(name, SHARD) for name in remedies.PROMISES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_error_has_a_cure_of_its_own(kind: type[Exception]) -> None:
    assert remedies.remedy_of_error(kind()) != remedies.remedy_of_error(ZeroDivisionError())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_a_cure_names_is_one_of_the_command_line(command: str) -> None:
    found: click.Command = main
    words = shlex.split(command)
    while isinstance(found, click.Group):
        found = found.commands[words.pop(0)]
    found.make_context(command, words)


def test_every_setting_that_a_cure_names_is_one() -> None:
    known = {f"SEMANTIC_ASSETS_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert set(re.findall(r"SEMANTIC_ASSETS_\w+", " ".join(TEXTS))) <= known


def test_a_cure_names_the_dataset_of_the_shard_that_failed() -> None:
    remedy = remedies.remedy_of_check(remedies.NO_MISSING_VECTORS, "acme.manuals.00000")
    assert "retry --errors-only -d acme/manuals" in remedy


def test_a_run_that_failed_says_what_to_do_in_message_and_metadata(world: World) -> None:
    world.register()
    result = world.run("settle_shard", SHARD)
    failure = result.failure_data_for_node("embeddings")
    assert failure is not None
    assert failure.user_failure_data is not None
    remedy = failure.user_failure_data.metadata["what_to_do"].value
    assert "embed_shard" in str(remedy)
    assert str(remedy) in str(failure.error)
    assert "chunks are not there yet" in str(failure.error)


def test_refresh_that_still_waits_says_how_it_goes_on(world: World) -> None:
    config = {"ops": {"refresh_store": {"config": {"wait_minutes": 0.0}}}}
    job = world.defs.resolve_job_def("refresh")
    result = job.execute_in_process(
        instance=world.instance, run_config=config, raise_on_error=False
    )
    failure = result.failure_data_for_node("refresh_store")
    assert failure is not None
    assert failure.user_failure_data is not None
    assert "goes on where it stopped" in str(failure.user_failure_data.metadata["what_to_do"].value)


def test_a_check_that_failed_names_files_and_command(world: World) -> None:
    world.register()
    result = world.run("embed_shard", SHARD)
    [check] = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert check.description is not None
    assert "semantic-assets failures -d acme/manuals" in check.description
    unreadable = check.metadata["unreadable"]
    assert isinstance(unreadable, dg.TableMetadataValue)
    assert [row.data["uri"] for row in unreadable.records] == ["acme/manuals/broken.pdf"]


def test_a_check_that_passed_prescribes_nothing(world: World) -> None:
    world.settle()
    result = world.run("settle_shard", SHARD)
    for check in result.get_asset_check_evaluations():
        assert check.passed
        assert "What to do" not in str(check.description)


def test_an_error_that_a_rerun_cannot_change_is_not_tried_again() -> None:
    allowed = {}
    for error in (errors.RequestRejected(), errors.GeminiUnavailable()):
        with pytest.raises(dg.Failure) as raised, with_remedy():
            raise error
        allowed[type(error)] = raised.value.allow_retries
    assert allowed == {errors.RequestRejected: False, errors.GeminiUnavailable: True}


def test_a_removed_dataset_is_no_failure() -> None:
    with pytest.raises(errors.DatasetRemoved), with_remedy():
        raise errors.DatasetRemoved
