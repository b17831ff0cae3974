"""Faults at calls: creating, uploading, looking, real time."""

import json
import time

import httpx2
import numpy as np
import pytest
from google.genai import errors
from google.genai.types import Content, JobState, Part
from pydantic import ValidationError

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)

_CLOSED = (httpx2.RemoteProtocolError, None)


@pytest.mark.parametrize(
    ("name", "parameters", "seen", "is_created"),
    [
        ("lost-create-response", {}, _CLOSED, True),
        ("create-timeout", {"seconds": 0.05}, _CLOSED, True),
        ("create-timeout-not-created", {"seconds": 0.05}, _CLOSED, False),
        ("create-reset", {}, (httpx2.ReadError, None), False),
        ("create-500", {}, (errors.ServerError, "500 INTERNAL"), False),
        ("create-500", {"created": True}, (errors.ServerError, "500 INTERNAL"), True),
        ("create-503", {}, (errors.ServerError, "503 UNAVAILABLE"), False),
        ("create-503", {"created": True}, (errors.ServerError, "503 UNAVAILABLE"), True),
        ("create-429", {}, (errors.ClientError, "429 RESOURCE_EXHAUSTED.*Help"), False),
        ("create-400", {}, (errors.ClientError, "400 INVALID_ARGUMENT"), False),
        ("create-400-location", {}, (errors.ClientError, "400 FAILED_PRECONDITION"), False),
        ("create-400-key", {}, (errors.ClientError, "400 INVALID.*API_KEY_INVALID"), False),
        ("create-403-billing", {}, (errors.ClientError, "403 PERM.*BILLING_DISABLED"), False),
        ("create-unreadable-answer", {}, (json.JSONDecodeError, None), True),
    ],
)
def test_create_fails_as_often_as_armed(
    arm, fired, client, upload, embed_line, create, jobs, name, parameters, seen, is_created
):
    file_name = upload(client, embed_line("a", "one"))
    arm(name, 2, **parameters)
    for _ in range(2):
        with pytest.raises(seen[0], match=seen[1]):
            create(client, file_name)
    assert len(jobs()) == (2 if is_created else 0)
    assert create(client, file_name).state is JobState.JOB_STATE_PENDING
    assert fired(name) == 2


def test_withheld_answer_outlasts_a_client_timeout(arm, client, upload, embed_line, jobs):
    file_name = upload(client, embed_line("a", "one"))
    arm("create-timeout", seconds=30)
    with pytest.raises(httpx2.ReadTimeout):
        client.batches.create_embeddings(
            model="gemini-embedding-001",
            src={"file_name": file_name},
            config={"http_options": {"timeout": 500}},
        )
    assert len(jobs()) == 1


def test_redirected_create_makes_one_job(arm, fired, client, make_job, jobs, emulator, ask):
    arm("create-307", None)
    job = make_job("one")
    assert [found["name"] for found in jobs()] == [job.name]
    assert fired("create-307") == 1
    calls = ask(emulator, "/emulator/state")["calls"]
    assert calls["models.asyncBatchEmbedContent"] == 2


def test_hidden_quota_refuses_under_the_known_limit(arm, fired, client, upload, embed_line, create):
    file_name = upload(client, *[embed_line(f"{n}", "," * 2000) for n in range(100)])
    arm("hidden-quota", fraction=0.5)  # 250,000 of 500,000 tokens; a job has 200,000
    create(client, file_name)
    assert fired("hidden-quota") == 0
    with pytest.raises(errors.ClientError, match="429 RESOURCE_EXHAUSTED"):
        create(client, file_name)
    assert fired("hidden-quota") == 1
    create(client, file_name)


def test_slow_chunk_is_late(arm, fired, client, upload):
    arm("upload-slow-chunk", seconds=0.2)
    assert _seconds(upload, client, "{}") >= 0.2
    assert upload(client, "{}")
    assert fired("upload-slow-chunk") == 1


def _seconds(function, *arguments):
    started = time.monotonic()
    function(*arguments)
    return time.monotonic() - started


@pytest.mark.parametrize("size", [10, 20_000_000])
def test_dropped_chunk_breaks_the_upload(arm, fired, client, tmp_path, size):
    path = tmp_path / "input.jsonl"
    path.write_bytes(b"x" * size)
    config = {"mime_type": "application/jsonl"}
    arm("upload-drop-chunk")
    with pytest.raises(httpx2.TransportError):
        client.files.upload(file=path, config=config)
    assert list(client.files.list()) == []
    assert client.files.upload(file=path, config=config).size_bytes == size
    assert fired("upload-drop-chunk") == 1


def test_unavailable_upload_without_a_status_is_posted_again(arm, fired, client, upload):
    arm("upload-503")
    assert upload(client, "{}")  # the SDK waits a second and repeats
    assert fired("upload-503") == 1


def test_unavailable_upload_with_a_status_fails(arm, client, upload):
    arm("upload-503", has_status=True)
    with pytest.raises(errors.ServerError, match="503"):
        upload(client, "{}")
    assert upload(client, "{}")


def test_mime_types_are_refused(arm, fired, client, upload, tmp_path):
    arm("upload-mime-400", None, mime_types=["application/jsonl"])
    with pytest.raises(errors.ClientError, match="Unsupported MIME type: application/jsonl"):
        upload(client, "{}")
    uploaded = client.files.upload(
        file=tmp_path / "input.jsonl", config={"mime_type": "text/plain"}
    )
    assert uploaded.mime_type == "text/plain"
    assert fired("upload-mime-400") == 1


def test_file_of_a_lost_final_answer_exists(arm, fired, client, upload):
    arm("upload-lost-final")
    with pytest.raises(httpx2.RemoteProtocolError):
        upload(client, "{}")
    assert len(list(client.files.list())) == 1
    assert upload(client, "{}")
    assert fired("upload-lost-final") == 1


def test_list_and_get_are_unavailable(arm, fired, client, make_job):
    job = make_job("one")
    arm("list-503")
    arm("get-503", 2)
    with pytest.raises(errors.ServerError, match="503"):
        client.batches.list()
    for _ in range(2):
        with pytest.raises(errors.ServerError, match="503"):
            client.batches.get(name=job.name)
    assert [found.name for found in client.batches.list()] == [job.name]
    assert client.batches.get(name=job.name).name == job.name
    assert (fired("list-503"), fired("get-503")) == (1, 2)


def test_empty_page_in_the_middle_breaks_the_sdk_and_loses_nothing(
    arm, fired, emulator, client, make_job, ask
):
    names = [make_job("one").name for _ in range(3)][::-1]
    arm("list-empty-page", 2)
    with pytest.raises(IndexError):
        list(client.batches.list())
    found, token, sizes = [], "", []
    while token is not None:
        page = ask(emulator, f"/v1/batches?pageToken={token}")
        found += [operation["name"] for operation in page.get("operations", ())]
        sizes.append(len(page.get("operations", ())))
        token = page.get("nextPageToken")
    assert (found, sizes) == (names, [2, 0, 1])
    assert [job.name for job in client.batches.list()] == names
    assert fired("list-empty-page") == 2


def test_error_details_as_objects_break_the_page_for_the_sdk(
    arm, fired, emulator, client, make_job, ask
):
    client.batches.cancel(name=make_job("one").name)
    arm("list-error-details-objects", 2)
    with pytest.raises(ValidationError):
        list(client.batches.list())
    own, strangers = ask(emulator, "/v1/batches")["operations"]
    assert own["error"]["details"][0]["@type"].startswith("type.googleapis.com/")
    assert strangers["metadata"]["displayName"] == "somebody else's"
    assert len(list(client.batches.list())) == 1
    assert fired("list-error-details-objects") == 2


def _embed(client, *texts):
    contents = [Content(parts=[Part(text=text)]) for text in texts]
    answer = client.models.embed_content(
        model="gemini-embedding-001", contents=contents, config={"output_dimensionality": 64}
    )
    return np.array([embedding.values for embedding in answer.embeddings])


@pytest.mark.parametrize("cosine", [0.995, 0.5])
def test_realtime_noise_has_the_cosine_it_is_armed_with(arm, fired, client, cosine):
    usual = _embed(client, "alpha", "beta")
    arm("realtime-noise", cosine=cosine)
    noisy = _embed(client, "alpha", "beta")
    lengths = np.linalg.norm(usual, axis=1) * np.linalg.norm(noisy, axis=1)
    assert (usual * noisy).sum(axis=1) / lengths == pytest.approx([cosine] * 2, abs=1e-5)
    assert (_embed(client, "alpha", "beta") == usual).all()
    assert fired("realtime-noise") == 1


@pytest.mark.parametrize(
    ("name", "error", "match"),
    [
        ("realtime-503", errors.ServerError, "503"),
        ("realtime-429", errors.ClientError, "429.*'retryDelay': '39.38s'"),
    ],
)
def test_realtime_is_refused(arm, fired, client, name, error, match):
    arm(name)
    with pytest.raises(error, match=match):
        _embed(client, "alpha")
    assert len(_embed(client, "alpha")) == 1
    assert fired(name) == 1


def test_realtime_answers_in_another_order(arm, fired, client):
    usual = _embed(client, "a", "b", "c")
    arm("realtime-swapped")
    _embed(client, "a")  # one cannot be swapped
    assert (_embed(client, "a", "b", "c") == usual[[1, 2, 0]]).all()
    assert (_embed(client, "a", "b", "c") == usual).all()
    assert fired("realtime-swapped") == 1


def test_any_method_can_be_unavailable(arm, fired, client, upload):
    arm("any-503", None, method="batches.*")
    for call in (client.batches.list, lambda: client.batches.get(name="batches/x")):
        with pytest.raises(errors.ServerError, match="503"):
            call()
    assert upload(client, "{}")
    assert fired("any-503") == 2


def test_any_method_can_be_slow_and_refused_too(arm, fired, client):
    arm("slow", method="batches.list", seconds=0.2)
    arm("list-503")
    started = time.monotonic()
    with pytest.raises(errors.ServerError):
        client.batches.list()
    assert time.monotonic() - started >= 0.2
    client.batches.list()
    assert fired("slow") == 1


def test_revoked_key_can_do_nothing(arm, fired, emulator, client, connect, tmp_path):
    other = connect(emulator, api_key="other")
    arm("key-revoked", 2, api_key="k")
    for call in (client.batches.list, client.files.list):
        with pytest.raises(errors.ClientError, match="403 PERMISSION_DENIED"):
            call()
    assert list(other.batches.list()) == []
    assert list(client.batches.list()) == []
    assert fired("key-revoked") == 2
    arm("key-revoked")
    with pytest.raises(errors.ClientError, match="403 PERMISSION_DENIED"):
        other.batches.list()
