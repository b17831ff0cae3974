"""Faults in answers of chat models, and in the lines that carry them."""

import json

import pytest

from semantic_assets.emulator.answers.excerpts import MARK
from tests.emulator import drawn

_TEXT = (
    "Lisbon lies on the estuary of the Tagus. The harbour was rebuilt after the earthquake. "
    "Merchants traded pepper and porcelain. Today the trams climb seven hills."
)
_PROMPT = f"Summarise this.\n\n{_TEXT}"
_SCHEMA = {
    "type": "object",
    "required": ["summary", "keywords", "facts"],
    "properties": {
        "score": {"type": "number"},
        "summary": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}, "maxItems": 4},
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["claim"],
                "properties": {"claim": {"type": "string"}},
            },
        },
    },
}
_SHAPES = ["not-json", "truncated", "wrong-type", "missing-field", "fenced", "empty"]


def _is_obeyed(text):
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return set(_SCHEMA["properties"]) == set(value) and isinstance(value["summary"], str)


@pytest.fixture
def broken_once(arm, generate, prompt_line):
    """A response in real time while a fault is armed for one call."""

    def run(name, prompt=_PROMPT, **parameters):
        arm(name, **parameters)
        line = prompt_line("a", prompt, schema=_SCHEMA)
        broken, whole = generate(line), generate(line)
        assert whole["candidates"][0]["finishReason"] == "STOP"
        return broken, whole

    return run


@pytest.mark.parametrize("shape", _SHAPES)
def test_broken_answers_have_the_shape_asked_for(broken_once, answer_text, shape):
    broken, whole = broken_once("broken-answers", fraction=1.0, shape=shape)
    (candidate,) = broken["candidates"]
    expected = "MAX_TOKENS" if shape == "truncated" else "STOP"
    assert candidate["finishReason"] == expected
    if shape == "empty":
        assert candidate["content"] == {"role": "model"}
        assert broken["usageMetadata"]["candidatesTokenCount"] == 0
        return
    text = answer_text(broken)
    assert not _is_obeyed(text)
    assert broken["usageMetadata"]["candidatesTokenCount"] > 0
    seen = {
        "fenced": lambda: text == f"```json\n{answer_text(whole)}\n```",
        "truncated": lambda: answer_text(whole).startswith(text),
        "wrong-type": lambda: isinstance(json.loads(text)["summary"], dict),
        "missing-field": lambda: set(_SCHEMA["properties"]) - set(json.loads(text)) == {"summary"},
        "not-json": lambda: "{" not in text,
    }
    assert seen[shape]()


@pytest.mark.parametrize("shape", ["truncated", "wrong-type", "missing-field"])
def test_plain_text_is_broken_by_cutting(arm, generate, prompt_line, answer_text, shape):
    arm("broken-answers", fraction=1.0, shape=shape)
    line = prompt_line("a", _PROMPT)
    broken, whole = generate(line), generate(line)
    assert broken["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert answer_text(whole).startswith(answer_text(broken))


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT"])
def test_stopped_answers_have_a_reason_and_no_content(broken_once, reason):
    stopped, _ = broken_once("stopped-answers", fraction=1.0, reason=reason)
    assert stopped["candidates"] == [{"finishReason": reason, "index": 0}]


def test_blocked_prompts_have_feedback_and_no_candidate(broken_once):
    blocked, whole = broken_once("blocked-prompts", contains="pepper")
    assert "candidates" not in blocked
    assert blocked["promptFeedback"] == {"blockReason": "SAFETY"}
    prompt_tokens = whole["usageMetadata"]["promptTokenCount"]
    assert blocked["usageMetadata"]["totalTokenCount"] == prompt_tokens


def test_other_prompts_are_not_blocked(arm, fired, generate, prompt_line):
    arm("blocked-prompts", contains="salt")
    assert "candidates" in generate(prompt_line("a", _PROMPT))
    assert fired("blocked-prompts") == 0


def test_embeddings_are_none_of_it(arm, fired, client):
    arm("broken-answers", fraction=1.0)
    client.models.embed_content(model="gemini-embedding-001", contents="x")
    assert fired("broken-answers") == 0


@pytest.fixture
def two_jobs(arm, fired, generate_job, prompt_line, advance, client, download):
    """Lines of a job born with a fault, and of the next one, which is not."""

    def run(name, rows=40, **parameters):
        arm(name, **parameters)
        lines = [prompt_line(f"{n}", f"Item {n}.\n\n{_TEXT}", schema=_SCHEMA) for n in range(rows)]
        first, second = generate_job(*lines), generate_job(*lines)
        advance(100)
        assert fired(name) == 1
        answers = download(client, first.name)
        assert download(client, first.name) == answers
        return answers, download(client, second.name)

    return run


def _spoiled(answers, usual):
    return [a["key"] for a, b in zip(answers, usual, strict=True) if a != b]


def test_some_answers_of_a_job_are_broken_in_every_way(two_jobs):
    answers, usual = two_jobs("broken-answers", rows=100)
    hit = [a["response"] for a, b in zip(answers, usual, strict=True) if a != b]
    assert 15 < len(hit) < 50
    assert any("parts" not in r["candidates"][0]["content"] for r in hit)
    texts = [
        r["candidates"][0]["content"]["parts"][0]["text"]
        for r in hit
        if "parts" in r["candidates"][0]["content"]
    ]
    assert not any(map(_is_obeyed, texts))
    assert any(text.startswith("```json") for text in texts)


def test_another_job_and_another_prompt_draw_anew(
    arm, generate_job, prompt_line, advance, client, download
):
    def run(word):
        lines = [prompt_line(f"{n}", f"{word} {n}.", schema=_SCHEMA) for n in range(40)]
        job = generate_job(*lines)
        advance(100)
        return job

    usual, other_usual = run("Item"), run("Thing")
    arm("broken-answers", times=None, shape="not-json")
    jobs = [(run("Item"), usual), (run("Item"), usual), (run("Thing"), other_usual)]
    hit = [
        tuple(_spoiled(download(client, job.name), download(client, whole.name)))
        for job, whole in jobs
    ]
    assert len(set(hit)) == 3
    assert all(hit)


def test_some_answers_of_a_job_are_stopped(two_jobs):
    answers, usual = two_jobs("stopped-answers", fraction=0.5, reason="RECITATION")
    hit = [a["response"] for a, b in zip(answers, usual, strict=True) if a != b]
    assert 8 < len(hit) < 32
    assert all(r["candidates"] == [{"finishReason": "RECITATION", "index": 0}] for r in hit)


def test_prompts_of_a_job_are_blocked(two_jobs):
    answers, usual = two_jobs("blocked-prompts", contains="Item 7.")
    assert _spoiled(answers, usual) == ["7"]
    assert answers[7]["response"]["promptFeedback"] == {"blockReason": "SAFETY"}


def test_job_without_such_a_prompt_does_not_use_the_fault_up(arm, fired, generate_job, prompt_line):
    arm("blocked-prompts", contains="salt")
    generate_job(prompt_line("a", _PROMPT))
    assert fired("blocked-prompts") == 0


@pytest.mark.parametrize(
    ("name", "parameters", "count"),
    [
        ("error-lines", {"fraction": 0.25}, 10),
        ("transient-error-lines", {"fraction": 0.25}, 10),
        ("invalid-texts", {"contains": "Item 3"}, 11),
    ],
)
def test_error_lines_hit_prompts_too(two_jobs, name, parameters, count):
    answers, usual = two_jobs(name, **parameters)
    assert sum("error" in answer for answer in answers) == count
    assert not any("error" in answer for answer in usual)


def test_lines_of_prompts_are_shuffled(two_jobs):
    answers, usual = two_jobs("shuffled-lines")
    assert answers != usual
    assert sorted(answers, key=_key) == sorted(usual, key=_key)


@pytest.mark.parametrize(
    ("name", "parameters", "count"),
    [
        ("missing-keys", {"fraction": 0.5}, 20),
        ("duplicated-keys", {"count": 2}, 42),
        ("unknown-key", {"count": 3}, 43),
    ],
)
def test_prompts_have_more_or_fewer_lines(two_jobs, name, parameters, count):
    answers, usual = two_jobs(name, **parameters)
    assert (len(answers), len(usual)) == (count, 40)


def _key(line):
    return line["key"]


def test_keys_of_prompts_are_swapped(arm, generate_job, prompt_line, advance, client, download):
    arm("swapped-keys", fraction=0.5)
    texts = ["Alpha is first.", "Beta is second.", "Gamma is third.", "Delta is fourth."]
    job = generate_job(*[prompt_line(str(n), text) for n, text in enumerate(texts)])
    advance(100)
    answers = [line["response"] for line in download(client, job.name)]
    assert [a["candidates"][0]["content"]["parts"][0]["text"] for a in answers] == [
        MARK + text for text in texts
    ]
    assert [line["key"] for line in download(client, job.name)] != ["0", "1", "2", "3"]


def test_line_of_a_prompt_is_corrupted(arm, generate_job, prompt_line, advance, client):
    arm("corrupted-line")
    job = generate_job(prompt_line("a", _PROMPT))
    advance(100)
    raw = client.files.download(file=client.batches.get(name=job.name).dest.file_name)
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)


def test_whole_job_fails_for_a_prompt(arm, generate_job, prompt_line, advance, client):
    arm("whole-job-fails-if", contains="pepper")
    job = generate_job(prompt_line("a", _PROMPT))
    advance(100)
    assert client.batches.get(name=job.name).state.name == "JOB_STATE_FAILED"


def test_same_question_about_other_pictures_is_seen_for_the_first_time(
    arm, generate_job, prompt_line, send_media, advance, client, download
):
    arm("transient-error-lines", fraction=1.0)
    parts = [send_media(drawn.png(c, "circle", "white"), "image/png") for c in ("red", "blue")]
    job = generate_job(*[prompt_line(f"{n}", "What?", part) for n, part in enumerate(parts)])
    advance(100)
    assert ["error" in line for line in download(client, job.name)] == [True, True]


def test_same_question_about_other_pictures_draws_for_each(
    arm, generate_job, prompt_line, send_media, advance, client, download
):
    arm("stopped-answers", fraction=0.5)
    colours = drawn.COLOURS[:-1]
    parts = [send_media(drawn.png(c, "circle", "brown"), "image/png") for c in colours]
    job = generate_job(*[prompt_line(f"{n}", "What?", part) for n, part in enumerate(parts)])
    advance(100)
    reasons = {
        line["response"]["candidates"][0]["finishReason"] for line in download(client, job.name)
    }
    assert reasons == {"STOP", "SAFETY"}
