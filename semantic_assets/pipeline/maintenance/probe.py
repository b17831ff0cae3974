"""Named checks that only the live service can settle, by one job of three texts."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semantic_assets.batching.answers import decode_answers
from semantic_assets.batching.requests import embedding_lines
from semantic_assets.errors import GeminiUnavailable, SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import JobState, display_name, state_of_remote
from semantic_assets.pipeline.batch_jobs.canary import MIN_COSINE
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import text_hash

TEXTS = (
    "The pilot boards at the fairway buoy.",
    "Купол закрывают, когда ветер сильнее пятнадцати метров в секунду.",
    "Before opening the valve, read the pressure on both sides and write it down.",
)
_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One named assumption about the service. `holds` is None if it was not reached."""

    name: str
    holds: bool | None
    detail: str


@dataclass(slots=True)
class _Probe:
    store: Store
    gemini: Gemini
    sleep: Callable[[float], None]
    findings: list[Finding] = field(default_factory=list)

    @contextmanager
    def checking(self, name: str) -> Iterator[list[str]]:
        """Record whether a block succeeded, with the details it appends to the yielded list."""
        said: list[str] = []
        try:
            yield said
        except (SemanticAssetsError, AssertionError) as error:
            self.findings.append(Finding(name, False, str(error)))
            raise _Stop from error
        self.findings.append(Finding(name, True, "; ".join(said)))


class _Stop(Exception):  # control flow inside this module, never seen outside
    pass


def probe(
    store: Store, gemini: Gemini, *, sleep: Callable[[float], None] = time.sleep
) -> list[Finding]:
    """Run all checks on this scope and store them; costs under a cent."""
    run = _Probe(store, gemini, sleep)
    with suppress(_Stop):
        _run(run)
    passed = all(finding.holds for finding in run.findings)
    scope = gemini.endpoint
    store.ledger.scopes.register(scope.scope_id, backend=scope.backend, base_url=scope.identity)
    store.ledger.scopes.probed(
        gemini.scope_id, passed, [(f.name, f.holds, f.detail) for f in run.findings]
    )
    return run.findings


def _run(run: _Probe) -> None:
    name = display_name(run.store.ledger.ledger_id, run.store.ledger.job_ids.new())
    with run.checking("key_is_accepted"):
        run.gemini.list_jobs(max_pages=1)
    with run.checking("request_file_is_accepted"), _request_file(run) as path:
        input_file = run.gemini.upload(path, check=lambda: None)
    with run.checking("job_is_created"):
        remote_name = run.gemini.create_embedding_job(
            model=run.store.settings.space.model, input_file=input_file, display_name=name
        )
    try:
        with run.checking("listing_shows_the_display_name"):
            listed = run.gemini.list_jobs(max_pages=3).jobs
            assert name in {job.display_name for job in listed}, f"{name} is not listed"
        with run.checking("job_ends_with_a_result_file") as said:
            remote = _wait(run, remote_name)
            said.append(remote.state)
            assert remote.result_file, f"{remote.state}: {remote.error_message}"
        _check_answers(run, str(remote.result_file))
    finally:
        run.gemini.delete_job(remote_name)
    with run.checking("input_file_is_deleted"):
        run.gemini.delete_file(input_file)


@contextmanager
def _request_file(run: _Probe) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="semantic-assets-") as folder:
        path = Path(folder) / "probe.jsonl"
        texts = [(text_hash(text), text) for text in TEXTS]
        path.write_bytes(b"".join(embedding_lines(run.store.settings.space, texts)))
        yield path


def _wait(run: _Probe, remote_name: str) -> RemoteJob:
    while True:
        try:
            remote = run.gemini.get(remote_name)
        except GeminiUnavailable as error:
            run.store.report_progress(f"probe: {error}")
        else:
            if state_of_remote(remote.state) == JobState.ENDED:
                return remote
            run.store.report_progress(f"probe: {remote.state}")
        run.sleep(_POLL_SECONDS)


def _check_answers(run: _Probe, result_file: str) -> None:
    space = run.store.settings.space
    keys = [text_hash(text) for text in TEXTS]
    with tempfile.TemporaryDirectory(prefix="semantic-assets-") as folder:
        path = Path(folder) / "answers.jsonl"
        with run.checking("result_file_is_readable"):
            run.gemini.download(result_file, path)
        with (
            run.checking("every_key_is_answered_once_in_the_asked_dimensions") as said,
            path.open("rb") as lines,
        ):
            [block] = decode_answers(
                lines, expected=keys, dimensions=space.dimensions, normalise=space.normalise
            )
            assert sorted(block.keys) == sorted(keys), "not all keys were answered"
            said.append(f"tokens {block.tokens}")
    by_key: dict[str, npt.NDArray[np.float32]] = dict(zip(block.keys, block.vectors, strict=True))
    with run.checking("real_time_vectors_agree") as said:
        again = run.gemini.embed_documents(space, TEXTS)
        cosines = [float(again[i] @ by_key[key]) for i, key in enumerate(keys)]
        said.append(f"cosines {[round(cosine, 4) for cosine in cosines]}")
        assert min(cosines) >= MIN_COSINE, f"lowest cosine {min(cosines):.3f}"
