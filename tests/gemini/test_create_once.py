"""A create call is posted once, whatever answers it: the SDK sends nothing again by itself."""

from pathlib import Path

import google.genai
import httpx2
import pytest
from google.auth.exceptions import TransportError

from semantic_assets.errors import SemanticAssetsError
from tests.trial import Trial

PROJECT = Path(__file__).resolve().parents[2]
_LINE = b'{"key": "a", "request": {"content": {"parts": [{"text": "One."}]}}}\n'
_PROMPT = b'{"key": "a", "request": {"contents": [{"parts": [{"text": "One."}]}]}}\n'
_FAULTS: dict[str, dict[str, object]] = {
    "lost-create-response": {},
    "create-timeout": {"seconds": 0.05},
    "create-timeout-not-created": {"seconds": 0.05},
    "create-reset": {},
    "create-500": {"created": True},
    "create-503": {"created": True},
    "create-307": {},
    "create-429": {},
    "create-unreadable-answer": {},
}


def _create(trial: Trial, kind: str) -> None:
    line = _LINE if kind == "embedding" else _PROMPT
    file = trial.gemini.batches.upload(lambda: [line], name="in.jsonl", check=lambda: None)
    if kind == "embedding":
        trial.gemini.batches.create_embedding_job(
            model="gemini-embedding-001", input_file=file, display_name="a"
        )
    else:
        trial.gemini.batches.create_generation_job(
            model="gemini-3.5-flash-lite", input_file=file, display_name="a"
        )


def _posted(trial: Trial) -> int:
    calls = httpx2.get(f"{trial.url}/emulator/state").json()["calls"]
    names = ("models.asyncBatchEmbedContent", "models.batchGenerateContent")
    return sum(calls.get(name, 0) for name in names)


@pytest.mark.parametrize("kind", ["embedding", "generation"])
@pytest.mark.parametrize("fault", sorted(_FAULTS))
def test_a_create_call_is_posted_once(trial: Trial, fault: str, kind: str) -> None:
    trial.arm(fault, times=None, **_FAULTS[fault])
    with pytest.raises(SemanticAssetsError):
        _create(trial, kind)
    assert _posted(trial) == 1


def test_a_transport_error_of_google_auth_is_not_sent_again_either(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 3.6.1 it is among what the SDK may retry; the answer is lost after the job was made."""
    send = httpx2.HTTPTransport.handle_request
    posted: list[str] = []

    def losing(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        answer = send(transport, request)
        if "asyncBatchEmbedContent" in str(request.url):
            posted.append(str(request.url))
            raise TransportError("the answer was lost")
        return answer

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", losing)
    with pytest.raises(SemanticAssetsError, match="the answer was lost"):
        _create(trial, "embedding")
    assert len(posted) == 1
    assert len(trial.remote_jobs()) == 1


@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_every_call_is_on_the_version_of_the_settings(trial: Trial, version: str) -> None:
    """One refused version, and each method is answered on the other."""
    trial.arm("version-refused", times=None, version={"v1": "v1beta", "v1beta": "v1"}[version])
    other = trial.reopened(gemini_api_version=version)
    with other.store as store:
        _create(other, "embedding")
        [job] = other.gemini.batches.list_jobs(max_pages=1).jobs
        other.pass_time()
        found = other.gemini.batches.get(job.name)
        other.gemini.batches.download(str(found.result_file), bytearray().extend, of="")
        assert other.gemini.batches.list_files()
        assert other.gemini.embed_documents(store.settings.space, ["One."]).shape == (1, 128)
        other.gemini.batches.delete_job(job.name)
    assert trial.fired("version-refused") == 0


def test_the_sdk_in_use_is_the_locked_one() -> None:
    locked = (PROJECT / "requirements.lock").read_text().splitlines()
    assert f"google-genai=={google.genai.__version__} \\" in locked
