"""What may be enqueued, and how a refusal looks."""

import pytest
from google.genai import errors

from semantic_assets.emulator.answers import tokens

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)

_LINES = 100
_TEXT = "," * 2000  # 2,000 tokens a request: 200,000 a job


@pytest.fixture
def large(embed_line):
    return [embed_line(f"{n}", _TEXT) for n in range(_LINES)]


def _created(client, create, name, attempts):
    """How many creations succeed before the first 429."""
    for done in range(attempts):
        if not _is_admitted(client, create, name):
            return done
    return attempts


def _is_admitted(client, create, name):
    try:
        create(client, name)
    except errors.ClientError as refused:
        if refused.code != 429:
            raise
        return False
    return True


@pytest.mark.parametrize(("tier", "jobs"), [(1, 2), (2, 25), (3, 50)])
def test_tier_limits_enqueued_tokens(serve, connect, upload, create, large, tier, jobs):
    client = connect(serve(tier=tier))
    assert tokens.count_tokens(_TEXT) * _LINES == 200_000
    assert _created(client, create, upload(client, *large), jobs + 1) == jobs


def test_refusal_is_the_real_payload(client, upload, create, large):
    name = upload(client, *large)
    _created(client, create, name, 2)
    with pytest.raises(errors.ClientError) as refused:
        create(client, name)
    error = refused.value.details["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert [detail["@type"] for detail in error["details"]] == [
        "type.googleapis.com/google.rpc.Help"
    ]
    assert error["message"].startswith("You exceeded your current quota")
    assert "retry-after" not in refused.value.response.headers


def test_refused_job_does_not_exist(emulator, client, upload, create, large, ask):
    name = upload(client, *large)
    assert _created(client, create, name, 3) == 2
    assert len(ask(emulator, "/emulator/state")["jobs"]) == 2


def test_ended_jobs_free_the_quota(client, upload, create, large, advance):
    name = upload(client, *large)
    assert _created(client, create, name, 3) == 2
    advance(100)
    assert _created(client, create, name, 3) == 2


def test_cancelled_jobs_free_the_quota(client, upload, create, large):
    name = upload(client, *large)
    job = create(client, name)
    create(client, name)
    client.batches.cancel(name=job.name)
    assert _created(client, create, name, 2) == 1


def test_deleting_a_running_job_frees_nothing(client, upload, create, large):
    name = upload(client, *large)
    client.batches.delete(name=create(client, name).name)
    assert _created(client, create, name, 3) == 1


def test_models_and_keys_have_quotas_of_their_own(emulator, client, connect, upload, create, large):
    name = upload(client, *large)
    assert _created(client, create, name, 3) == 2
    assert create(client, name, model="gemini-embedding-2").name
    other = connect(emulator, api_key="other")
    assert _created(other, create, upload(other, *large), 3) == 2


def test_one_hundred_jobs_at_once(client, upload, embed_line, create):
    name = upload(client, embed_line("a", "one"))
    assert _created(client, create, name, 101) == 100


def test_chat_models_have_other_limits(emulator, ask):
    # 3.2 million tokens: over the 3 million of Flash on tier 1, under the 10 of Flash-Lite.
    text = "," * 400_000
    requests = [{"request": {"contents": [{"parts": [{"text": text}]}]}}] * 8
    batch = {"batch": {"inputConfig": {"requests": {"requests": requests}}}}
    lite = ask(emulator, "/v1/models/gemini-3.1-flash-lite:batchGenerateContent", batch)
    assert lite["metadata"]["model"] == "models/gemini-3.1-flash-lite"
    with pytest.raises(OSError, match="429"):
        ask(emulator, "/v1/models/gemini-3.5-flash:batchGenerateContent", batch)
