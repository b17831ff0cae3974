"""What is durable is checked by `verify --deep`, `doctor` looks at sizes; neither writes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.maintenance.doctor import doctor
from semantic_assets.pipeline.maintenance.durable_files import check_durable
from tests.harms import HARMS
from tests.trial import Trial


@pytest.fixture
def landed(trial: Trial) -> Trial:
    trial.write("acme/birds/owl.txt", "The owl hunts at night. " * 30)
    trial.refresh()
    trial.write("acme/birds/heron.txt", "The heron stands in water. " * 30)
    trial.refresh()
    return trial


def first_results(trial: Trial) -> tuple[str, Path]:
    job = trial.store.ledger.jobs.list()[0]
    path = layout.results(job.product_id, job.job_id)
    return job.job_id, trial.store.lake.path(path)


def test_whole_files_are_whole(landed: Trial) -> None:
    found = check_durable(landed.store.for_reading())
    assert found.broken == ()
    assert (found.files, found.without_digest, found.recorded) == (2, 0, 0)
    assert found.bytes == sum(size for _, size in landed.store.lake.below("results"))


@pytest.mark.parametrize("harm", HARMS)
def test_every_harm_to_a_paid_file_is_found_and_named_with_its_remedy(
    landed: Trial, harm: str
) -> None:
    job_id, path = first_results(landed)
    HARMS[harm](path)
    (broken,) = check_durable(landed.store.for_reading()).broken
    assert broken.path.endswith(f"{job_id}.parquet")
    assert f"resolve {job_id} --restore" in broken.remedy
    assert landed.store.ledger.jobs.find(job_id).state == JobState.COLLECTED  # it only read


def test_every_byte_of_a_paid_file_is_covered_by_its_digest(landed: Trial) -> None:
    _, path = first_results(landed)
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        content = bytearray(whole)
        content[place] ^= 1
        path.write_bytes(content)
        assert len(check_durable(landed.store.for_reading()).broken) == 1, place
    path.write_bytes(whole)
    assert check_durable(landed.store.for_reading()).broken == ()


def test_files_from_before_digests_are_tolerated_and_recorded_on_request(landed: Trial) -> None:
    paid = landed.store.ledger.paid
    paid.forget(paid.below())
    assert check_durable(landed.store.for_reading()).without_digest == 2
    assert paid.below() == {}
    assert check_durable(landed.store, record=True).recorded == 2
    assert len(paid.below()) == 2
    assert not landed.refresh().is_waiting


@pytest.mark.parametrize("harm", ["cut_off", "emptied", "missing"])
def test_doctor_names_a_paid_file_that_is_missing_or_cut_off(landed: Trial, harm: str) -> None:
    job_id, path = first_results(landed)
    HARMS[harm](path)
    (found,) = [
        one for one in doctor(landed.settings.root) if one.name == "paid files" and not one.is_well
    ]
    assert job_id in found.found
    assert "--restore" in found.remedy


def test_verify_deep_has_an_exit_code_and_json(landed: Trial) -> None:
    root = ["--root", str(landed.settings.root)]
    assert CliRunner().invoke(main, ["verify", "--deep", *root]).exit_code == 0
    job_id, path = first_results(landed)
    path.unlink()
    said = CliRunner().invoke(main, ["verify", "--deep", *root])
    assert said.exit_code == 1
    assert f"semantic-assets resolve {job_id} --restore" in said.stdout
    said = CliRunner().invoke(main, ["verify", "--deep", "--json", *root])
    assert said.exit_code == 1
    assert json.loads(said.stdout)["broken"][0]["found"] == "it is missing"
