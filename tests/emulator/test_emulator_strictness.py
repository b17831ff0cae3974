"""Refusals of what the service refuses, and the shapes in which it was seen to answer."""

import json
from urllib.error import HTTPError

import pytest
from google.genai import errors
from google.genai.types import Content, Part

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)

_CREATE = "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent"
_EMBED = "/v1beta/models/gemini-embedding-001:batchEmbedContents"
_MODEL = {"model": "models/gemini-embedding-001"}
_CONTENT = {"content": {"parts": [{"text": "x"}]}}
_DAY = 86_400


@pytest.fixture
def refused(ask, emulator):
    """The error of a call that is refused with 400."""

    def call(path, message=None):
        with pytest.raises(HTTPError) as refusal:
            ask(emulator, path, message)
        with refusal.value as reply:
            error = json.load(reply)["error"]
        assert (reply.status, error["status"]) == (400, "INVALID_ARGUMENT")
        return error

    return call


def _inlined(request, **beside):
    return {"batch": {"inputConfig": {"requests": {"requests": [{"request": request, **beside}]}}}}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"batch": {"x": 1}}, "Unknown name \"x\" at 'batch': Cannot find field."),
        ({"batch": {}, "x": 1}, 'Unknown name "x": Cannot find field.'),
        ({"batch": {"inputConfig": {"x": 1}}}, "Unknown name \"x\" at 'batch.input_config':"),
        (_inlined(_CONTENT, x=1), "at 'batch.input_config.requests.requests[0]':"),
        (_inlined({**_CONTENT, "x": 1}), "at 'batch.input_config.requests.requests[0].request':"),
        (_inlined({"content": {"parts": [{"x": 1}]}}), "request.content.parts[0]':"),
        (_inlined({**_CONTENT, "autoTruncate": False}), 'Unknown name "autoTruncate"'),
    ],
)
def test_unknown_fields_of_a_create_call_are_refused_with_their_place(
    refused, message, said, emulator, ask
):
    error = refused(_CREATE, message)
    assert error["message"].startswith("Invalid JSON payload received. Unknown name")
    assert said in error["message"]
    [details] = error["details"]
    assert details["fieldViolations"][0]["description"] == error["message"]
    assert ask(emulator, "/emulator/state")["jobs"] == []


def test_a_file_and_inlined_requests_are_refused_together(refused, client, upload, embed_line):
    message = _inlined(_CONTENT)
    message["batch"]["inputConfig"]["fileName"] = upload(client, embed_line("a", "one"))
    assert "oneof field 'source' is already set" in refused(_CREATE, message)["message"]


def test_auto_truncate_is_known_inside_the_config_and_refuses_long_texts(refused, ask, emulator):
    path = _EMBED.replace("batchEmbedContents", "embedContent")
    config = {"embedContentConfig": {"autoTruncate": False}}
    assert ask(emulator, path, {**_CONTENT, **config})["embedding"]
    long = {"content": {"parts": [{"text": "," * 2049}]}}
    assert ask(emulator, path, long)["embedding"]
    assert "2049 tokens" in refused(path, {**long, **config})["message"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (_CONTENT, "requests[0].model: model is not specified"),
        ({"model": "gemini-embedding-001", **_CONTENT}, "unexpected model name format"),
        ({**_MODEL, **_CONTENT, "x": 1}, "Unknown name \"x\" at 'requests[0]'"),
        ({**_MODEL, "content": {"parts": [{"text": ""}]}}, "content contains an empty Part."),
        ({**_MODEL, "content": {"parts": [{"text": "x"}, {"text": ""}]}}, "an empty Part."),
        ({**_MODEL, "content": {"parts": [{}]}}, "parts[0].data: required oneof field 'data'"),
    ],
)
def test_requests_of_a_real_time_call_are_refused_in_the_words_of_the_service(
    refused, request_, said
):
    assert said in refused(_EMBED, {"requests": [request_]})["message"]


def test_one_blank_is_a_text(client, upload, embed_line, create, advance, download):
    job = create(client, upload(client, embed_line("blank", " ")))
    advance(100)
    [line] = download(client, job.name)
    assert any(line["response"]["embedding"]["values"])


def test_a_real_time_call_is_refused_over_four_mebibytes(refused):
    item = {**_MODEL, "content": {"parts": [{"text": "x" * 4 * 1024**2}]}}
    said = "Request payload size exceeds the limit: 4194304 bytes."
    assert refused(_EMBED, {"requests": [item]})["message"] == said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter=state%3DRUNNING", 'Unknown name "filter"'),
        ("pageSize=5000", "page_size"),
        ("orderBy=x", 'Unknown name "orderBy"'),
    ],
)
def test_listings_refuse_what_they_do_not_know(refused, query, said):
    assert said in refused(f"/v1beta/batches?{query}")["message"]


def test_an_input_with_a_key_twice_fails_the_job(
    emulator, client, upload, embed_line, create, advance, ask
):
    job = create(client, upload(client, embed_line("a", "one"), embed_line("a", "two")))
    advance(100)
    operation = ask(emulator, f"/v1/{job.name}")
    assert operation["metadata"]["state"] == "BATCH_STATE_FAILED"
    assert "two lines with the key 'a'" in operation["error"]["message"]


def test_ended_jobs_are_forgotten_after_six_weeks(client, make_job, advance):
    job = make_job("one")
    advance(100)
    name = client.batches.get(name=job.name).dest.file_name
    advance(42 * _DAY - 100)
    assert [listed.name for listed in client.batches.list()] == [job.name]
    assert client.files.download(file=name)
    advance(200)
    assert list(client.batches.list()) == []
    for call in (lambda: client.batches.get(name=job.name), lambda: client.files.get(name=name)):
        with pytest.raises(errors.ClientError):
            call()


def test_a_listing_shows_the_output_of_file_jobs_only(emulator, client, make_job, advance, ask):
    inlined = client.batches.create_embeddings(
        model="gemini-embedding-2", src={"inlined_requests": {"contents": ["a", "b"]}}
    )
    make_job("one")
    advance(100)
    by_file, listed = ask(emulator, "/v1/batches")["operations"]
    assert by_file["metadata"]["output"]["responsesFile"]
    assert (listed["metadata"]["state"], listed["done"]) == ("BATCH_STATE_SUCCEEDED", True)
    assert listed["metadata"]["batchStats"] == {"requestCount": "2", "pendingRequestCount": "2"}
    assert not {"output", "response"} & {*listed, *listed["metadata"]}
    shown = ask(emulator, f"/v1/{inlined.name}")
    assert shown["metadata"]["batchStats"]["successfulRequestCount"] == "2"
    assert shown["response"]["@type"].endswith("v1main.EmbedContentBatch")
    answers = shown["response"]["inlinedResponses"]["inlinedResponses"]
    assert answers[0]["response"]["usageMetadata"] == {"promptTokenCount": 1}
    assert "tokenCount" not in answers[0]["response"]


def test_real_time_usage_is_that_of_the_model(ask, emulator, client):
    def usage(model):
        request = {"model": f"models/{model}", **_CONTENT}
        path = f"/v1beta/models/{model}:batchEmbedContents"
        return ask(emulator, path, {"requests": [request] * 2}).get("usageMetadata")

    assert usage("gemini-embedding-001") is None
    assert usage("gemini-embedding-2") == {
        "promptTokenCount": 2,
        "promptTokenDetails": [{"modality": "TEXT", "tokenCount": 2}],
    }
    contents = [Content(parts=[Part(text=text)]) for text in "ab"]
    found = client.models.embed_content(model="gemini-embedding-2", contents=contents)
    assert len(found.embeddings) == 2


def test_members_of_a_line_come_in_another_order_from_line_to_line_and_the_key_last(
    client, make_job, advance
):
    job = make_job("one", "two")
    advance(100)
    raw = client.files.download(file=client.batches.get(name=job.name).dest.file_name)
    first, second = (json.loads(line) for line in raw.splitlines())
    assert list(first["response"]) == list(second["response"])[::-1]
    assert [list(line)[-1] for line in (first, second)] == ["key", "key"]


def test_other_members_of_a_line_are_echoed_and_their_arrays_are_empty(
    client, upload, embed_line, create, advance, download
):
    line = {"note": {"n": 1}, "tags": ["a"], **embed_line("a", "one")}
    job = create(client, upload(client, line))
    advance(100)
    [answer] = download(client, job.name)
    assert (answer["note"], answer["tags"], list(answer)[-1]) == ({"n": 1}, [], "key")
