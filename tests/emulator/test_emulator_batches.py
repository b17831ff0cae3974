"""Batch jobs from creation to result, through the SDK."""

import json
import re
from urllib.request import urlopen

import numpy as np
import pytest
from google.genai import errors
from google.genai.types import JobState

from semantic_assets.emulator.answers.excerpts import MARK

pytestmark = pytest.mark.filterwarnings(
    # The SDK says so at every call, whatever the caller knows.
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)


@pytest.fixture
def job(client, upload, embed_line, create):
    """A fresh file job of three texts; 100 s long."""
    lines = [embed_line(f"key-{n}", f"text number {n}") for n in range(3)]
    return create(client, upload(client, *lines))


def test_file_job_answers_every_key_with_its_own_vector(client, job, advance, download):
    advance(100)
    answers = {line["key"]: line["response"] for line in download(client, job.name)}
    alone = client.models.embed_content(
        model="gemini-embedding-001",
        contents="text number 1",
        config={"output_dimensionality": 8},
    )
    assert sorted(answers) == ["key-0", "key-1", "key-2"]
    assert answers["key-1"]["embedding"]["values"] == pytest.approx(alone.embeddings[0].values)
    assert answers["key-0"]["embedding"]["values"] != answers["key-1"]["embedding"]["values"]


def test_result_line_has_key_last_and_token_count_as_a_string(client, job, advance):
    advance(100)
    raw = client.files.download(file=client.batches.get(name=job.name).dest.file_name)
    line = raw.split(b"\n")[0].decode()
    assert re.fullmatch(
        r'\{"response":\{"tokenCount":"\d+","embedding":\{"values":\[.+\]\}\},"key":"key-0"\}', line
    )


def test_create_reads_both_spellings(emulator, client, upload, embed_line, ask):
    name = upload(client, embed_line("a", "one"))
    path = "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent"
    for batch in (
        {"inputConfig": {"fileName": name}, "displayName": "both"},
        {"input_config": {"file_name": name}, "display_name": "both"},
    ):
        created = ask(emulator, path, {"batch": batch})
        assert created["metadata"]["displayName"] == "both"
        assert created["metadata"]["inputConfig"] == {"fileName": name}


def test_job_is_pending_then_running_then_succeeded(client, job, advance):
    seen = []
    for seconds in (0, 29, 2, 68, 2):
        advance(seconds)
        seen.append(client.batches.get(name=job.name).state)
    pending, running = JobState.JOB_STATE_PENDING, JobState.JOB_STATE_RUNNING
    assert seen == [pending, pending, running, running, JobState.JOB_STATE_SUCCEEDED]


def test_running_operation_has_no_done_output_or_end(emulator, job, ask):
    operation = ask(emulator, f"/v1/{job.name}")
    assert operation.keys() == {"name", "metadata"}
    assert not operation["metadata"].keys() & {"output", "endTime"}
    stats = {"requestCount": "3", "pendingRequestCount": "3"}
    assert operation["metadata"]["batchStats"] == stats


def test_finished_operation_has_output_twice_and_counts_as_strings(emulator, job, advance, ask):
    advance(100)
    operation = ask(emulator, f"/v1/{job.name}")
    file_name = f"files/batch-{job.name.removeprefix('batches/')}"
    assert operation["done"] is True
    assert operation["metadata"]["output"] == {"responsesFile": file_name}
    assert operation["response"]["responsesFile"] == file_name
    assert operation["response"]["@type"].endswith(".EmbedContentBatchOutput")
    stats = {"requestCount": "3", "successfulRequestCount": "3"}
    assert operation["metadata"]["batchStats"] == stats


def test_batch_id_has_36_lower_case_letters_and_digits(job):
    assert re.fullmatch(r"batches/[a-z0-9]{36}", job.name)


def test_same_create_twice_makes_two_jobs(client, upload, embed_line, create):
    name = upload(client, embed_line("a", "one"))
    assert create(client, name).name != create(client, name).name
    assert len(list(client.batches.list())) == 2


def test_invalid_request_becomes_an_error_line(
    emulator, client, upload, embed_line, create, advance, download, ask
):
    lines = [embed_line("bad", ""), embed_line("good", "one"), embed_line("huge", "two")]
    lines[2]["request"]["outputDimensionality"] = 3073
    job = create(client, upload(client, *lines))
    advance(100)
    bad, good, huge = download(client, job.name)
    assert (bad["key"], bad["error"]["code"]) == ("bad", 3)
    assert (huge["key"], huge["error"]["code"]) == ("huge", 3)
    assert "response" in good
    stats = ask(emulator, f"/v1/{job.name}")["metadata"]["batchStats"]
    assert stats == {
        "requestCount": "3",
        "successfulRequestCount": "1",
        "failedRequestCount": "2",
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 1"),
        ('{"key": "a"}', "no request"),
        ('{"request": {"content": {"parts": [{"text": "x"}]}}}', "no key"),
        ('{"key": "a", "request": {"config": {}}}', "no such field: 'config'"),
    ],
)
def test_malformed_file_fails_the_job(emulator, client, upload, create, advance, ask, line, reason):
    job = create(client, upload(client, line))
    advance(100)
    operation = ask(emulator, f"/v1/{job.name}")
    assert operation["metadata"]["state"] == "BATCH_STATE_FAILED"
    assert operation["error"]["code"] == 3
    assert reason in operation["error"]["message"]
    assert "response" not in operation


def test_long_text_is_truncated_in_silence(client, upload, embed_line, create, advance, download):
    long = " ".join(["abc"] * 2048)  # one token a word, and the model reads 2,048
    lines = [embed_line("cut", f"{long} tail that is dropped"), embed_line("whole", long)]
    job = create(client, upload(client, *lines))
    advance(100)
    cut, whole = (line["response"] for line in download(client, job.name))
    assert cut["tokenCount"] == whole["tokenCount"] == "2048"
    assert np.allclose(_unit(cut), _unit(whole), atol=1e-6)


def _unit(response):
    values = np.array(response["embedding"]["values"])
    return values / np.linalg.norm(values)


def test_inlined_job_answers_in_order(client, advance):
    texts = [f"inlined {n}" for n in range(70)]
    job = client.batches.create_embeddings(
        model="gemini-embedding-001",
        src={"inlined_requests": {"contents": texts, "config": {"output_dimensionality": 16}}},
    )
    advance(100)
    answers = client.batches.get(name=job.name).dest.inlined_embed_content_responses
    config = {"output_dimensionality": 16}
    expected = client.models.embed_content(
        model="gemini-embedding-001", contents=texts, config=config
    )
    assert len(answers) == 70
    for answer, embedding in zip(answers, expected.embeddings, strict=True):
        assert answer.response.embedding.values == pytest.approx(embedding.values)
    assert answers[0].response.token_count == 3


def test_inlined_metadata_comes_back(emulator, ask, advance):
    requests = [
        {"request": {"content": {"parts": [{"text": t}]}}, "metadata": {"key": t}} for t in "ab"
    ]
    created = ask(
        emulator,
        "/v1/models/gemini-embedding-2:asyncBatchEmbedContent",
        {"batch": {"inputConfig": {"requests": {"requests": requests}}}},
    )
    advance(100)
    output = ask(emulator, f"/v1/{created['name']}")["metadata"]["output"]
    answered = output["inlinedResponses"]["inlinedResponses"]
    assert [answer["metadata"] for answer in answered] == [{"key": "a"}, {"key": "b"}]


def test_list_pages_are_newest_first_and_never_empty(
    emulator, client, ask, upload, embed_line, create
):
    name = upload(client, embed_line("a", "one"))
    created = [create(client, name).name for _ in range(6)]
    listed = [job.name for job in client.batches.list(config={"page_size": 3})]
    assert listed == created[::-1]
    first = ask(emulator, "/v1/batches?pageSize=3")
    second = ask(emulator, f"/v1/batches?pageSize=3&pageToken={first['nextPageToken']}")
    assert len(second["operations"]) == 3
    assert "nextPageToken" not in second


def test_listing_nothing_is_an_empty_message(emulator, ask):
    assert ask(emulator, "/v1/batches") == {}


def test_cancel_before_start_ends_cancelled(emulator, client, job, ask):
    client.batches.cancel(name=job.name)
    operation = ask(emulator, f"/v1/{job.name}")
    assert operation["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    job_id = job.name.removeprefix("batches/")
    assert operation["error"] == {"code": 13, "message": f"Batch {job_id} failed without error."}
    assert operation["metadata"]["batchStats"]["pendingRequestCount"] == "3"
    assert operation["done"] is True


def test_cancel_after_start_succeeds_with_unserved_rows(
    emulator, client, upload, embed_line, create, advance, download, ask
):
    lines = [embed_line(f"{n}", f"text {n}") for n in range(10)]
    job = create(client, upload(client, *lines))
    advance(65)  # halfway between start at 30 s and end at 100 s
    client.batches.cancel(name=job.name)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_SUCCEEDED
    answers = download(client, job.name)
    assert [("response" in answer) for answer in answers] == [True] * 5 + [False] * 5
    assert answers[9] == {"error": {"code": 1}, "key": "9"}
    stats = ask(emulator, f"/v1/{job.name}")["metadata"]["batchStats"]
    assert stats["failedRequestCount"] == "5"


def test_cancel_after_end_changes_nothing(client, job, advance, download):
    advance(100)
    client.batches.cancel(name=job.name)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_SUCCEEDED
    assert all("response" in answer for answer in download(client, job.name))


def test_deleted_job_is_gone_for_clients_and_kept_as_evidence(emulator, client, job, ask):
    client.batches.delete(name=job.name)
    with pytest.raises(errors.ClientError) as refused:
        client.batches.get(name=job.name)
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND")
    assert list(client.batches.list()) == []
    (kept,) = ask(emulator, "/emulator/state")["jobs"]
    assert (kept["name"], kept["deleted"], kept["requestCount"]) == (job.name, True, 3)


def test_job_over_48_hours_expires_without_results(serve, connect, upload, embed_line, create, ask):
    server = serve(latency_seconds=49 * 3600)
    client = connect(server)
    job = create(client, upload(client, embed_line("a", "one")))
    ask(server, "/emulator/clock", {"advance_seconds": 48 * 3600 - 60})
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_RUNNING
    ask(server, "/emulator/clock", {"advance_seconds": 61})
    expired = client.batches.get(name=job.name)
    assert expired.state is JobState.JOB_STATE_EXPIRED
    assert expired.dest is None
    with pytest.raises(errors.ClientError, match="403"):
        client.files.download(file=f"files/batch-{job.name.removeprefix('batches/')}")


@pytest.mark.parametrize(("seconds", "fails_after"), [(0, 30), (65, 0)])
def test_deleting_the_input_of_a_job_that_has_not_ended_fails_it(
    emulator, client, upload, embed_line, create, advance, ask, seconds, fails_after
):
    name = upload(client, embed_line("a", "one"))
    job = create(client, name)
    advance(seconds)
    client.files.delete(name=name)
    advance(fails_after)
    operation = ask(emulator, f"/v1/{job.name}")
    assert operation["metadata"]["state"] == "BATCH_STATE_FAILED"
    assert "You do not have permission to access the File" in operation["error"]["message"]


def test_deleting_the_input_after_the_end_harms_nothing(
    client, upload, embed_line, create, advance, download
):
    name = upload(client, embed_line("a", "one"))
    job = create(client, name)
    advance(100)
    client.files.delete(name=name)
    assert [line["key"] for line in download(client, job.name)] == ["a"]


def test_result_is_not_readable_before_the_end(client, job):
    with pytest.raises(errors.ClientError) as refused:
        client.files.download(file=f"files/batch-{job.name.removeprefix('batches/')}")
    assert refused.value.code == 403


def test_result_file_is_described_and_downloaded_and_never_deleted(client, job, advance):
    advance(100)
    name = client.batches.get(name=job.name).dest.file_name
    content = client.files.download(file=name)
    described = client.files.get(name=name)
    assert (described.source.value, described.size_bytes) == ("GENERATED", len(content))
    with pytest.raises(errors.ClientError, match="cannot be more than 40 characters") as refused:
        client.files.delete(name=name)
    assert refused.value.code == 400
    assert client.files.download(file=name) == content


def test_generation_job_answers_file_requests(client, upload, advance, download):
    line = {
        "key": "g",
        "request": {"contents": [{"parts": [{"text": "Rome is old. It is large. It is hot."}]}]},
    }
    job = client.batches.create(model="gemini-3.5-flash", src=upload(client, line))
    advance(100)
    (answer,) = download(client, job.name)
    assert answer["key"] == "g"
    candidate = answer["response"]["candidates"][0]
    assert candidate["content"]["parts"] == [{"text": f"{MARK}Rome is old. {MARK}It is large."}]
    assert candidate["finishReason"] == "STOP"


def test_inlined_generation_keeps_metadata(client, advance):
    job = client.batches.create(
        model="gemini-3.5-flash",
        src=[{"contents": "Say this.", "metadata": {"key": "k1"}}],
    )
    advance(100)
    (answer,) = client.batches.get(name=job.name).dest.inlined_responses
    assert answer.metadata == {"key": "k1"}
    assert answer.response.text == f"{MARK}Say this."


def test_texts_of_a_job_stay_readable_after_everything_is_deleted(
    emulator, client, upload, embed_line, create
):
    name = upload(client, embed_line("a", "one"), embed_line("b", "two\u2028three"))
    job = create(client, name)
    client.files.delete(name=name)
    client.batches.delete(name=job.name)
    job_id = job.name.removeprefix("batches/")
    with urlopen(f"{emulator.base_url}/emulator/jobs/{job_id}/texts", timeout=10) as reply:
        sent = [json.loads(line) for line in reply.read().split(b"\n") if line]
    assert sent == [{"key": "a", "text": "one"}, {"key": "b", "text": "two\u2028three"}]
