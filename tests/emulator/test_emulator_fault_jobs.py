"""Faults in the life of a job."""

import pytest
from google.genai import errors
from google.genai.types import JobState

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)

_HOUR = 3600.0


@pytest.fixture
def operation(emulator, ask):
    """The raw operation of a job: the SDK drops its error."""
    return lambda job: ask(emulator, f"/v1/{job.name}")


@pytest.fixture
def next_job_is_normal(make_job, advance, client):
    """Checks that a fault armed once is used up."""

    def check():
        job = make_job("one", "two")
        advance(100)
        assert client.batches.get(name=job.name).state is JobState.JOB_STATE_SUCCEEDED

    return check


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("stuck-pending", JobState.JOB_STATE_PENDING),
        ("stuck-running", JobState.JOB_STATE_RUNNING),
    ],
)
def test_stuck_job_stays_until_it_expires(
    arm, fired, client, make_job, advance, next_job_is_normal, name, state
):
    arm(name)
    job = make_job("one")
    advance(47 * _HOUR)
    assert client.batches.get(name=job.name).state is state
    advance(1.1 * _HOUR)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_EXPIRED
    next_job_is_normal()
    assert fired(name) == 1


@pytest.mark.parametrize(
    ("name", "parameters", "state", "message"),
    [
        ("ends-expired", {}, "BATCH_STATE_EXPIRED", "Batch expired."),
        ("ends-failed", {"message": "why"}, "BATCH_STATE_FAILED", "why"),
        ("ends-cancelled", {}, "BATCH_STATE_CANCELLED", "failed without error."),
    ],
)
def test_job_ends_badly(
    arm, fired, make_job, advance, operation, next_job_is_normal, name, parameters, state, message
):
    arm(name, **parameters)
    job = make_job("one")
    advance(100)
    ended = operation(job)
    assert (ended["metadata"]["state"], ended["done"]) == (state, True)
    assert ended["error"]["message"].endswith(message)
    assert "response" not in ended
    next_job_is_normal()
    assert fired(name) == 1


def test_cancel_serves_the_given_part(arm, fired, client, make_job, advance, download):
    arm("cancel-ends-succeeded", served_fraction=0.75)
    job = make_job(*"abcd")
    advance(31)  # just started
    client.batches.cancel(name=job.name)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_SUCCEEDED
    *served, last = download(client, job.name)
    assert [("response" in line) for line in served] == [True] * 3
    assert last == {"error": {"code": 1}, "key": "key-3"}
    assert fired("cancel-ends-succeeded") == 1


@pytest.mark.filterwarnings("ignore:BATCH_STATE_PARTIALLY_SUCCEEDED is not a valid:UserWarning")
def test_job_succeeds_in_part(
    arm, fired, client, make_job, advance, operation, download, next_job_is_normal
):
    arm("ends-partially-succeeded", served_fraction=0.5)
    job = make_job(*"abcd")
    advance(100)
    assert operation(job)["metadata"]["state"] == "BATCH_STATE_PARTIALLY_SUCCEEDED"
    assert operation(job)["metadata"]["batchStats"]["failedRequestCount"] == "2"
    assert ["response" in line for line in download(client, job.name)] == [True, True, False, False]
    next_job_is_normal()
    assert fired("ends-partially-succeeded") == 1


@pytest.mark.filterwarnings("ignore:BATCH_STATE_PAUSED is not a valid JobState:UserWarning")
def test_unknown_state_passes(arm, fired, client, make_job, advance, next_job_is_normal):
    arm("unknown-state", state="BATCH_STATE_PAUSED", seconds=500)
    job = make_job("one")
    advance(499)
    seen = client.batches.get(name=job.name)
    assert (seen.state.value, seen.done) == ("BATCH_STATE_PAUSED", False)
    advance(2)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_PENDING
    advance(100)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_SUCCEEDED
    next_job_is_normal()
    assert fired("unknown-state") == 1


def test_job_is_deleted_by_somebody(arm, fired, client, make_job, advance, jobs):
    arm("deleted-by-somebody", after_seconds=50)
    job, other = make_job("one"), make_job("two")
    assert client.batches.get(name=job.name).name == job.name
    advance(50)
    with pytest.raises(errors.ClientError, match="404"):
        client.batches.get(name=job.name)
    assert [found.name for found in client.batches.list()] == [other.name]
    assert [found["deleted"] for found in jobs()] == [True, False]
    assert fired("deleted-by-somebody") == 1


def test_states_are_spelled_otherwise(arm, fired, client, make_job, operation):
    arm("job-state-spelling")
    job, other = make_job("one"), make_job("two")
    assert operation(job)["metadata"]["state"] == "JOB_STATE_PENDING"
    assert operation(other)["metadata"]["state"] == "BATCH_STATE_PENDING"
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_PENDING
    assert fired("job-state-spelling") == 1


def test_job_with_a_poisonous_text_fails_whole(arm, fired, make_job, advance, operation):
    arm("whole-job-fails-if", None, contains="poison")
    bad, good = make_job("fine", "has poison in it"), make_job("fine")
    advance(100)
    assert operation(bad)["metadata"]["state"] == "BATCH_STATE_FAILED"
    assert "poison" not in operation(bad)["error"]["message"]
    assert "response" not in operation(bad)
    assert operation(good)["metadata"]["state"] == "BATCH_STATE_SUCCEEDED"
    assert fired("whole-job-fails-if") == 1


def test_new_job_is_not_listed_for_a_while(arm, fired, client, make_job, advance):
    arm("name-missing-from-list", seconds=50)
    late, usual = make_job("one"), make_job("two")
    assert [found.name for found in client.batches.list()] == [usual.name]
    assert client.batches.get(name=late.name).name == late.name
    advance(50)
    assert [found.name for found in client.batches.list()] == [usual.name, late.name]
    assert fired("name-missing-from-list") == 1


@pytest.mark.parametrize(
    ("name", "in_metadata", "in_response"),
    [("output-in-response-only", False, True), ("output-in-metadata-only", True, False)],
)
def test_output_is_in_one_place(
    arm, fired, client, make_job, advance, operation, name, in_metadata, in_response
):
    arm(name)
    job, other = make_job("one"), make_job("two")
    advance(100)
    ended = operation(job)
    assert ("output" in ended["metadata"], "response" in ended) == (in_metadata, in_response)
    assert (client.batches.get(name=job.name).dest is not None) is in_metadata
    assert {"output"} <= operation(other)["metadata"].keys()
    assert fired(name) == 1


def test_malformed_input_is_born_without_faults(arm, fired, client, upload, create, jobs):
    arm("ends-expired")
    create(client, upload(client, "not json"))
    assert jobs()[0]["faults"] == []
    assert fired("ends-expired") == 0
