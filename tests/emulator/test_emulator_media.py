"""Pictures, sounds and films in prompts: what is answered, what they cost, when they are gone."""

import base64
import json
from urllib.error import HTTPError

import pytest
from google.genai import errors, types

from semantic_assets.emulator.answers.excerpts import MARK
from tests.emulator import drawn

_RED = drawn.png("red", "circle", "white")
_BLUE = drawn.png("blue", "square", "black")
_MOMENTS = {
    "type": "object",
    "required": ["summary", "moments"],
    "properties": {
        "summary": {"type": "string"},
        "moments": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["start", "text"],
                "properties": {
                    "start": {"type": "string"},
                    "end": {"type": "integer"},
                    "speaker": {"type": "string", "enum": ["A", "B"]},
                    "text": {"type": "string"},
                },
            },
        },
    },
}


def _inline(data, mime_type):
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode()}}


def test_sdk_gets_an_answer_about_an_uploaded_picture(client, tmp_path):
    path = tmp_path / "red.png"
    path.write_bytes(_RED)
    uploaded = client.files.upload(file=path)
    answer = client.models.generate_content(
        model="gemini-3.5-flash", contents=[uploaded, "What is this?"]
    )
    assert answer.text.replace(MARK, "") == (
        "The picture shows a red circle on a white background. Its main colours are white and "
        "red. It is 64 pixels wide and 64 high."
    )
    usage = answer.usage_metadata
    assert usage.prompt_token_count == 258 + 4
    assert {d.modality.value: d.token_count for d in usage.prompt_tokens_details} == {
        "TEXT": 4,
        "IMAGE": 258,
    }


def test_a_file_is_named_by_uri_or_name_and_inlined_bytes_count_as_much(
    generate, send_media, prompt_line, answer_text
):
    part = send_media(_BLUE, "image/png")
    name = "files/" + part["file_data"]["file_uri"].rsplit("/", 1)[1]
    parts = [
        part,
        {"file_data": {"file_uri": name}},
        {"fileData": {"fileUri": name, "mimeType": "image/png"}},
        _inline(_BLUE, "image/png"),
    ]
    answers = [generate(prompt_line("a", "What?", each)) for each in parts]
    assert answers[1:] == answers[:1] * 3
    assert "a blue square on a black background" in answer_text(answers[0])


def test_tokens_of_media_are_counted(client, emulator, ask):
    contents = [types.Part.from_bytes(data=drawn.wav([0, 0]), mime_type="audio/wav"), "abc"]
    counted = client.models.count_tokens(model="gemini-3.5-flash", contents=contents)
    assert counted.total_tokens == 65


def test_batch_answers_per_file_with_time_stamps(
    generate_job, prompt_line, send_media, advance, client, download, answer_text
):
    film = drawn.avi([("red", "circle", "white"), ("green", "triangle", "yellow")])
    lines = [
        prompt_line("a", "What?", send_media(film, "video/x-msvideo"), schema=_MOMENTS),
        prompt_line("b", "What?", send_media(_RED, "image/png"), schema=_MOMENTS),
    ]
    job = generate_job(*lines)
    advance(100)
    film_answer, picture_answer = (json.loads(answer_text(a)) for a in download(client, job.name))
    assert (
        film_answer["summary"]
        .replace(MARK, "")
        .startswith("The video lasts 2 seconds. At 00:00 the picture")
    )
    speakers = [moment.pop("speaker") for moment in film_answer["moments"]]
    assert set(speakers) <= {"A", "B"}
    assert film_answer["moments"] == [
        {
            "start": "00:00",
            "end": 1,
            "text": f"{MARK}At 00:00 the picture shows a red circle on a white background.",
        },
        {
            "start": "00:01",
            "end": 2,
            "text": f"{MARK}At 00:01 the picture shows a green triangle on a yellow background.",
        },
    ]
    assert picture_answer["summary"].startswith(f"{MARK}The picture shows a red circle")


def test_media_fill_the_quota(generate_job, prompt_line, send_media, jobs):
    part = send_media(drawn.wav([0] * 10), "audio/wav")
    generate_job(prompt_line("a", "abc", part), prompt_line("b", part))
    assert jobs()[0]["tokens"] == 1 + 320 + 320


@pytest.mark.parametrize("is_deleted", [True, False])
def test_file_that_is_gone_is_an_error_line_and_a_403(
    is_deleted, client, generate, generate_job, prompt_line, send_media, advance, download
):
    part = send_media(_RED, "image/png")
    file_id = part["file_data"]["file_uri"].rsplit("/", 1)[1]
    client.files.delete(name=f"files/{file_id}") if is_deleted else advance(49 * 3600)
    job = generate_job(prompt_line("a", "What?", part), prompt_line("b", "Fine."))
    advance(100)
    lost, answered = download(client, job.name)
    message = f"You do not have permission to access the File {file_id} or it may not exist."
    assert lost == {"error": {"code": 7, "message": message}, "key": "a"}
    assert "response" in answered
    with pytest.raises(HTTPError) as refused:
        generate(prompt_line("a", part))
    with refused.value as reply:
        error = json.load(reply)["error"]
    assert error == {"code": 403, "message": message, "status": "PERMISSION_DENIED"}


def test_somebody_elses_file_is_not_readable(emulator, connect, send_media):
    uri = send_media(_RED, "image/png")["file_data"]["file_uri"]
    stranger = connect(emulator, api_key="other")
    with pytest.raises(errors.ClientError, match="403 PERMISSION_DENIED"):
        stranger.models.generate_content(
            model="gemini-3.5-flash",
            contents=types.Part.from_uri(file_uri=uri, mime_type="image/png"),
        )


def _stats(emulator, ask, job):
    return ask(emulator, f"/v1/{job.name}")["metadata"]["batchStats"]


def test_file_deleted_once_the_job_has_ended_is_still_answered(
    client, generate_job, prompt_line, send_media, advance, download
):
    part = send_media(_RED, "image/png")
    job = generate_job(prompt_line("a", part))
    advance(100)
    client.files.delete(name="files/" + part["file_data"]["file_uri"].rsplit("/", 1)[1])
    advance(49 * 3600)
    (answer,) = download(client, job.name)
    assert "response" in answer


def test_file_deleted_before_the_job_has_ended_is_lost_to_it(
    emulator, ask, client, generate_job, prompt_line, send_media, advance, download
):
    part = send_media(_RED, "image/png")
    job = generate_job(prompt_line("a", part), prompt_line("b", "Fine."), prompt_line("c", part))
    advance(50)
    client.files.delete(name="files/" + part["file_data"]["file_uri"].rsplit("/", 1)[1])
    advance(50)
    assert [line.get("error", {}).get("code") for line in download(client, job.name)] == [
        7,
        None,
        7,
    ]
    assert _stats(emulator, ask, job) == {
        "requestCount": "3",
        "successfulRequestCount": "1",
        "failedRequestCount": "2",
    }


def test_file_that_expires_before_the_job_starts_is_lost_to_it(
    emulator, ask, client, generate_job, prompt_line, send_media, advance, download
):
    part = send_media(_RED, "image/png")
    advance(48 * 3600 - 10)
    job = generate_job(prompt_line("a", part))  # starts in 30 seconds
    advance(100)
    assert [line["error"]["code"] for line in download(client, job.name)] == [7]
    assert _stats(emulator, ask, job) == {"requestCount": "1", "failedRequestCount": "1"}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (_inline(b"no picture", "image/png"), "Unable to process input image"),
        ({"inline_data": {"mime_type": "image/png", "data": "!"}}, "not base64"),
        ({"file_data": {"file_uri": "gs://bucket/red.png"}}, "Invalid or unsupported file uri"),
    ],
)
def test_unreadable_media_are_an_error_line_and_a_400(
    part, message, emulator, ask, client, generate, generate_job, prompt_line, advance, download
):
    job = generate_job(prompt_line("a", "What?", part))
    advance(100)
    (line,) = download(client, job.name)
    assert line["error"]["code"] == 3
    assert message in line["error"]["message"]
    assert _stats(emulator, ask, job)["failedRequestCount"] == "1"
    with pytest.raises(HTTPError) as refused:
        generate(prompt_line("a", part))
    with refused.value as reply:
        assert json.load(reply)["error"]["code"] == 400


def test_media_sent_are_evidence(emulator, ask, generate_job, prompt_line, send_media):
    job = generate_job(prompt_line("a", "What?", send_media(_RED, "image/png")))
    job_id = job.name.removeprefix("batches/")
    sent = ask(emulator, f"/emulator/jobs/{job_id}/texts")
    assert (sent["text"], len(sent["media"])) == ("What?", 1)
