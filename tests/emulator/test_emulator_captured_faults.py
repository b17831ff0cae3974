"""Faults that answer what was captured from the live service: their words, details and shapes."""

import json
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx2
import pytest
from google.genai import errors
from google.genai.types import Content, Part

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)


@pytest.fixture
def refusal(emulator):
    """The error of a call of this key, whatever its status."""

    def call(path, message=None, **headers):
        body = None if message is None else json.dumps(message).encode()
        request = Request(
            emulator.base_url + path, data=body, headers={"x-goog-api-key": "the-key", **headers}
        )
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=10)
        with refused.value as reply:
            return json.load(reply)["error"]

    return call


_START = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
_CREATE = "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent"


def _detail(error, kind):
    return next(d for d in error["details"] if d["@type"].endswith(f".{kind}"))


@pytest.mark.parametrize(
    ("wording", "said"),
    [
        ("no-longer-available", "This model models/gemini-embedding-001 is no longer available to"),
        ("not-found", "models/gemini-embedding-001 is not found for API version v1beta, or is not"),
    ],
)
def test_a_model_is_refused_in_both_wordings(arm, refusal, jobs, wording, said):
    arm("create-404", wording=wording)
    error = refusal(_CREATE, {"batch": {}})
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert error["message"].startswith(said)
    assert jobs() == []


@pytest.mark.parametrize(
    ("quota", "period"), [("minute", "RequestsPerMinutePer"), ("day", "RequestsPerDayPer")]
)
def test_a_minutes_and_a_days_quota_differ_in_quota_id_alone(arm, refusal, quota, period):
    arm("create-429", quota=quota)
    error = refusal(_CREATE, {"batch": {}})
    [violation] = _detail(error, "QuotaFailure")["violations"]
    assert period in violation["quotaId"]
    assert _detail(error, "RetryInfo")["retryDelay"] == "45.38s"
    assert _detail(error, "Help")


@pytest.mark.parametrize("name", ["create-429", "list-429"])
def test_an_unnamed_quota_says_where_to_read_and_nothing_else(arm, refusal, name):
    arm(name)
    error = refusal("/v1/batches") if name == "list-429" else refusal(_CREATE, {"batch": {}})
    [detail] = error["details"]
    assert detail["@type"].endswith(".Help")


def test_full_storage_names_itself_and_a_delay_without_an_end(arm, refusal):
    arm("upload-429-storage")
    error = refusal("/upload/v1/files", {}, **_START)
    [violation] = _detail(error, "QuotaFailure")["violations"]
    assert violation["quotaId"] == "FileStorageBytesPerProject"
    assert _detail(error, "RetryInfo")["retryDelay"] == "9223372036854775807s"
    assert "file_storage_bytes, limit: 21474836480" in error["message"]


def test_a_key_barred_from_files_is_told_the_method(arm, refusal, client, make_job):
    arm("files-403-blocked", None)
    for path, method in (("/v1/files", "ListFiles"), ("/v1/files/x", "GetFile")):
        error = refusal(path)
        assert f"v1beta.FileService.{method} are blocked." in error["message"]
        assert _detail(error, "ErrorInfo")["reason"] == "API_KEY_SERVICE_BLOCKED"
    assert list(client.batches.list()) == []  # nothing but files is barred


def test_a_suspended_key_is_named_in_the_message(arm, refusal):
    arm("key-revoked")
    said = "Permission denied: Consumer 'api_key:the-key' has been suspended."
    assert refusal("/v1/batches")["message"] == said


def test_unavailable_without_a_message(arm, refusal):
    arm("any-503", is_empty=True)
    error = refusal("/v1/batches")
    assert error == {"code": 503, "message": "", "status": "Service Unavailable"}


def test_any_error_is_answered_as_it_was_armed(arm, refusal, client):
    details = [{"reason": "NONE_OF_OURS"}]
    arm("any-error", code=418, message="I am a teapot.", status="TEA", details=details)
    error = refusal("/v1/batches")
    assert error == {"code": 418, "message": "I am a teapot.", "status": "TEA", "details": details}
    arm("any-error", method="batches.get")
    assert list(client.batches.list()) == []
    with pytest.raises(errors.ClientError, match="404 NOT_FOUND"):
        client.batches.get(name="batches/x")


@pytest.mark.parametrize("shape", ["empty", "without-ours", "succeeded", "failed"])
def test_a_listing_contradicts_get(arm, fired, emulator, make_job, ask, shape):
    job = make_job("one")
    arm("list-contradicts-get", shape=shape)
    page = ask(emulator, "/v1/batches")
    assert ask(emulator, f"/v1/{job.name}")["metadata"]["state"] == "BATCH_STATE_PENDING"
    assert fired("list-contradicts-get") == 1
    if shape == "empty":
        assert page == {}
        return
    [shown] = page["operations"]
    assert (shown["name"] == job.name) is (shape != "without-ours")
    if shape in ("succeeded", "failed"):
        assert shown["metadata"]["state"] == f"BATCH_STATE_{shape.upper()}"
        assert shown["metadata"]["batchStats"] == {"requestCount": "1", "pendingRequestCount": "1"}
        assert not {"output", "response"} & {*shown, *shown["metadata"]}


def test_a_page_token_repeats(arm, emulator, make_job, ask):
    job = make_job("one")
    arm("list-repeats-token", None)
    first = ask(emulator, "/v1/batches")
    again = ask(emulator, f"/v1/batches?pageToken={first['nextPageToken']}")
    assert first == again
    assert [shown["name"] for shown in first["operations"]] == [job.name]


def test_a_body_trickles(arm, emulator, make_job, ask):
    job = make_job("one")
    arm("trickle", method="batches.get", bytes=200, seconds=0.05)
    started = time.monotonic()
    assert ask(emulator, f"/v1/{job.name}")["name"] == job.name
    assert time.monotonic() - started >= 0.1


def test_a_gzip_body_cannot_be_decoded(arm, client):
    arm("undecodable-body")
    with pytest.raises(httpx2.DecodingError):
        client.batches.list()
    assert list(client.batches.list()) == []


def test_fewer_embeddings_than_asked(arm, client):
    contents = [Content(parts=[Part(text=text)]) for text in "abc"]
    arm("realtime-fewer", count=2)
    for number in (1, 3):
        answer = client.models.embed_content(model="gemini-embedding-2", contents=contents)
        assert len(answer.embeddings) == number


def test_output_is_named_late(arm, client, make_job, advance):
    arm("output-late", seconds=50)
    job = make_job("one")
    advance(100)
    seen = client.batches.get(name=job.name)
    assert (seen.state.name, seen.dest) == ("JOB_STATE_SUCCEEDED", None)
    advance(50)
    assert client.batches.get(name=job.name).dest.file_name


def test_tokens_of_a_cancelled_job_stay_enqueued(arm, client, upload, embed_line, create, advance):
    name = upload(client, *[embed_line(f"{n}", "," * 2000) for n in range(150)])
    arm("tokens-stay-enqueued", seconds=3600)
    client.batches.cancel(name=create(client, name).name)
    with pytest.raises(errors.ClientError, match="429"):  # 300,000 of 500,000 each
        create(client, name)
    advance(3601)
    assert create(client, name)


@pytest.mark.parametrize("spelling", ["response_schema", "responseSchema"])
def test_a_schema_in_a_file_is_refused_on_create(arm, fired, generate_job, prompt_line, spelling):
    arm("create-400-schema", 1)
    line = prompt_line("a", "Say this.", response_mime_type="application/json")
    generate_job(line)
    line["request"]["generation_config"][spelling] = {"type": "STRING"}
    with pytest.raises(errors.ClientError, match="400 INVALID_ARGUMENT"):
        generate_job(line)
    assert fired("create-400-schema") == 1
