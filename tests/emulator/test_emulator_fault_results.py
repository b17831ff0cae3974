"""Faults in result files: when they can be read, which lines they have, and what is in them."""

import json
from urllib.request import Request, urlopen

import httpx2
import pytest
from google.genai import errors

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)

_TEXTS = [f"text number {n}" for n in range(20)]


@pytest.fixture
def raw(client):
    """The bytes of a result file."""

    def read(job):
        return client.files.download(file=client.batches.get(name=job.name).dest.file_name)

    return read


@pytest.fixture
def two_results(arm, fired, make_job, advance, client, download):
    """Lines of a job born with a fault, and of the next one, which is not."""

    def run(name, **parameters):
        arm(name, **parameters)
        first, second = make_job(*_TEXTS), make_job(*_TEXTS)
        advance(100)
        lines = download(client, first.name)
        assert download(client, first.name) == lines
        assert fired(name) == 1
        return lines, download(client, second.name)

    return run


def _vectors(lines):
    return {line["key"]: line["response"]["embedding"]["values"] for line in lines}


@pytest.mark.parametrize("code", [404, 403])
def test_file_is_late(arm, fired, client, make_job, advance, raw, code):
    arm("result-late", seconds=50, code=code)
    job, other = make_job("one"), make_job("two")
    advance(100)
    assert client.batches.get(name=job.name).state.name == "JOB_STATE_SUCCEEDED"
    with pytest.raises(errors.ClientError, match=str(code)):
        raw(job)
    assert raw(other)
    advance(50)
    assert raw(job)
    assert fired("result-late") == 1


def test_lines_are_shuffled(two_results):
    lines, usual = two_results("shuffled-lines")
    assert lines != usual
    assert sorted(lines, key=_key) == sorted(usual, key=_key)


def _key(line):
    return line["key"]


def test_keys_are_swapped(two_results):
    lines, usual = two_results("swapped-keys", fraction=0.25)
    seen, right = _vectors(lines), _vectors(usual)
    assert seen.keys() == right.keys()
    assert sum(seen[key] != right[key] for key in right) == 5
    assert sorted(seen.values()) == sorted(right.values())


@pytest.mark.parametrize("same_answer", [False, True])
def test_keys_come_twice(two_results, same_answer):
    lines, usual = two_results("duplicated-keys", count=3, same_answer=same_answer)
    assert lines[:20] == usual
    right = _vectors(usual)
    assert len({line["key"] for line in lines[20:]}) == 3
    for line in lines[20:]:
        values = line["response"]["embedding"]["values"]
        assert (values == right[line["key"]]) is same_answer


def test_keys_are_missing(two_results):
    lines, usual = two_results("missing-keys", fraction=0.2)
    assert len(lines) == 16
    assert all(line in usual for line in lines)


def test_unknown_keys_are_answered(two_results):
    lines, usual = two_results("unknown-key", count=2)
    assert lines[:20] == usual
    assert [line["key"] for line in lines[20:]] == ["unknown-0", "unknown-1"]


@pytest.mark.parametrize(("dimensions", "length"), [(None, 7), (5, 5), (16, 16), (0, 0)])
def test_dimensions_are_wrong(two_results, dimensions, length):
    lines, usual = two_results("wrong-dimensions", count=2, dimensions=dimensions)
    assert sorted(map(len, _vectors(lines).values())) == sorted([8] * 18 + [length] * 2)
    assert set(map(len, _vectors(usual).values())) == {8}


def test_values_are_nan(arm, fired, make_job, advance, raw):
    arm("nan-values", count=2)
    job, other = make_job(*_TEXTS), make_job(*_TEXTS)
    advance(100)
    assert raw(job).count(b"[NaN,") == 2
    assert b"NaN" not in raw(other)
    assert fired("nan-values") == 1


def test_values_are_null(two_results):
    lines, usual = two_results("null-values", count=2)
    assert sum(None in values for values in _vectors(lines).values()) == 2
    assert not any(None in values for values in _vectors(usual).values())


def test_vectors_are_zero(two_results):
    lines, usual = two_results("zero-vectors", count=2)
    assert sum(not any(values) for values in _vectors(lines).values()) == 2
    assert all(map(any, _vectors(usual).values()))


_INTERNAL = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("error", {"error": {"code": 8, "message": _INTERNAL}}),
        ("code-only", {"error": {"code": 8}}),
        ("status", {"status": {"code": 8, "message": _INTERNAL}}),
        ("empty-object", {}),
        ("message-only", {"error": {"message": _INTERNAL}}),
    ],
)
def test_lines_are_errors(two_results, emulator, jobs, ask, shape, answer):
    lines, usual = two_results("error-lines", fraction=0.25, shape=shape, code=8)
    failed = [line for line in lines if "response" not in line]
    assert len(failed) == 5
    assert all({**answer, "key": line["key"]} == line for line in failed)
    assert all("response" in line for line in usual)
    stats = ask(emulator, f"/v1/{jobs()[0]['name']}")["metadata"]["batchStats"]
    assert stats["failedRequestCount"] == "5"


def test_transient_errors_hit_a_text_once(arm, fired, client, make_job, advance, download):
    arm("transient-error-lines", None, fraction=0.15)
    first, again, mixed = make_job(*_TEXTS), make_job(*_TEXTS), make_job(*_TEXTS, "a new text")
    advance(100)
    failed = [line for line in download(client, first.name) if "error" in line]
    assert [line["error"]["code"] for line in failed] == [13, 8, 14]
    assert all("response" in line for line in download(client, again.name))
    (late,) = [line for line in download(client, mixed.name) if "error" in line]
    assert late["key"] == "key-20"
    assert fired("transient-error-lines") == 2


def test_transient_errors_fire_per_job(two_results):
    lines, usual = two_results("transient-error-lines", fraction=0.5, codes=[14])
    assert [line["error"]["code"] for line in lines if "error" in line] == [14] * 10
    assert all("response" in line for line in usual)


def test_invalid_texts_fail_everywhere(arm, fired, client, make_job, advance, download):
    arm("invalid-texts", None, contains="poison")
    jobs = [make_job("fine", f"poison {n}") for n in range(2)]
    make_job("fine")
    advance(100)
    for job in jobs:
        fine, bad = download(client, job.name)
        assert "response" in fine
        assert (bad["key"], bad["error"]["code"]) == ("key-1", 3)
    assert fired("invalid-texts") == 2
    with pytest.raises(errors.ClientError, match="400 INVALID_ARGUMENT"):
        client.models.embed_content(model="gemini-embedding-001", contents="some poison")
    assert client.models.embed_content(model="gemini-embedding-001", contents="fine")
    assert fired("invalid-texts") == 3


def test_line_is_corrupted(arm, fired, make_job, advance, raw):
    arm("corrupted-line", count=2)
    job, other = make_job(*_TEXTS), make_job(*_TEXTS)
    advance(100)
    assert _readable(raw(job)) == 18
    assert _readable(raw(other)) == 20
    assert raw(job).count(b"\n") == 20
    assert fired("corrupted-line") == 1


def _readable(content):
    count = 0
    for line in content.splitlines():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            continue
        count += 1
    return count


def test_result_files_are_swapped_in_pairs(arm, fired, client, make_job, advance, download):
    arm("swapped-result-files", 3)
    jobs = [make_job(f"text {n}", f"more {n}") for n in range(4)]
    advance(100)
    names = [job.name for job in jobs]
    seen = [_vectors(download(client, name)) for name in names]
    assert fired("swapped-result-files") == 3
    assert seen[0] == _expected(client, "text 1", "more 1")
    assert seen[1] == _expected(client, "text 0", "more 0")
    assert seen[2] == _expected(client, "text 2", "more 2")  # waits for a partner
    assert seen[3] == _expected(client, "text 3", "more 3")


def _expected(client, *texts):
    answer = client.models.embed_content(
        model="gemini-embedding-001",
        contents=list(texts),
        config={"output_dimensionality": 8},
    )
    return {f"key-{n}": embedding.values for n, embedding in enumerate(answer.embeddings)}


def test_token_counts_are_missing(two_results):
    lines, usual = two_results("token-counts-missing")
    assert not any("tokenCount" in line["response"] for line in lines)
    assert _vectors(lines) == _vectors(usual)
    assert all("tokenCount" in line["response"] for line in usual)


def test_token_counts_are_scrambled(two_results):
    lines, usual = two_results("token-counts-scrambled")
    assert all(int(line["response"]["tokenCount"]) >= 100_000 for line in lines)
    assert all(int(line["response"]["tokenCount"]) < 100 for line in usual)
    assert _vectors(lines) == _vectors(usual)


def test_truncation_is_seen_where_a_length_was_promised(arm, fired, make_job, advance, raw):
    job = make_job(*_TEXTS)
    advance(100)
    whole = raw(job)
    arm("truncated-download-with-length", 2)
    for _ in range(2):
        with pytest.raises(httpx2.RemoteProtocolError):
            raw(job)
    assert raw(job) == whole
    assert fired("truncated-download-with-length") == 2


@pytest.mark.parametrize("mid_line", [False, True])
def test_truncation_is_silent_without_a_length(arm, fired, make_job, advance, raw, mid_line):
    job = make_job(*_TEXTS)
    advance(100)
    whole = raw(job)
    arm("truncated-download-close-delimited", fraction=0.7, mid_line=mid_line)
    cut = raw(job)
    assert whole.startswith(cut)
    assert 0.6 < len(cut) / len(whole) <= 0.7
    assert cut.endswith(b"\n") is not mid_line
    assert raw(job) == whole
    assert fired("truncated-download-close-delimited") == 1


def test_large_download_is_cut_where_it_should(
    arm, emulator, client, upload, embed_line, create, advance
):
    lines = [embed_line(f"{n}", f"text {n}", outputDimensionality=3072) for n in range(300)]
    job = create(client, upload(client, *lines))
    advance(100)
    arm("truncated-download-close-delimited", fraction=0.9)
    url = f"{emulator.base_url}/v1/files/batch-{job.name[8:]}:download?alt=media"
    with urlopen(Request(url, headers={"x-goog-api-key": "k"}), timeout=10) as reply:
        assert (reply.headers["Connection"], reply.headers["Content-Length"]) == ("close", None)
        assert reply.read().count(b"\n") in range(265, 271)


def test_inlined_answers_are_spoiled_too(arm, fired, client, advance):
    arm("error-lines", fraction=0.5, shape="error", code=8)
    source = {"inlined_requests": {"contents": ["a", "b"], "config": {"output_dimensionality": 4}}}
    job = client.batches.create_embeddings(model="gemini-embedding-001", src=source)
    advance(100)
    answers = client.batches.get(name=job.name).dest.inlined_embed_content_responses
    assert sorted(answer.error is None for answer in answers) == [False, True]
    assert fired("error-lines") == 1


def test_faults_of_vectors_do_not_meet_chat_jobs(arm, fired, client, jobs):
    arm("nan-values")
    arm("shuffled-lines")
    client.batches.create(
        model="gemini-3.5-flash",
        src=[{"contents": [{"parts": [{"text": text}], "role": "user"}]} for text in "ab"],
    )
    assert [fault["name"] for fault in jobs()[0]["faults"]] == ["shuffled-lines"]
    assert fired("nan-values") == 0
