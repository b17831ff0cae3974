"""Named checks that only the live service can settle, by three small jobs and a few calls."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from semantic_assets.batching.answers import decode_answers
from semantic_assets.batching.requests import embedding_lines
from semantic_assets.errors import GeminiUnavailable
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import JobState, display_name, state_of_remote
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.costs.paid_jobs import PROBE, PaidJob, booked_as, paid_job
from semantic_assets.pipeline.maintenance.findings import Finding, Findings, Stopped
from semantic_assets.pipeline.maintenance.probe_versions import try_methods
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import text_hash
from semantic_assets.text.tokens import estimate_tokens

TEXTS = (
    "The pilot boards at the fairway buoy.",
    "Купол закрывают, когда ветер сильнее пятнадцати метров в секунду.",
    "Before opening the valve, read the pressure on both sides and write it down.",
)
_POLL_SECONDS = 5.0


@dataclass(slots=True)
class _Probe:
    store: Store
    gemini: Gemini
    sleep: Callable[[float], None]
    findings: Findings = field(default_factory=Findings)

    def checking(self, name: str) -> AbstractContextManager[list[str]]:
        return self.findings.checking(name)


def probe(
    store: Store, gemini: Gemini, *, sleep: Callable[[float], None] = time.sleep
) -> list[Finding]:
    """Run all checks on this scope and store them; costs under a cent, which is booked.

    Raises:
        SpendRefused: the day's cap has no room for it.
    """
    run = _Probe(store, gemini, sleep)
    with suppress(Stopped):
        _run(run)
    found = [*run.findings.found, *try_methods(store, gemini)]
    passed = all(finding.holds for finding in found)
    scope = gemini.endpoint
    store.ledger.scopes.register(scope.scope_id, backend=scope.backend, base_url=scope.identity)
    store.ledger.scopes.probed(
        gemini.scope_id, passed, [(f.name, f.holds, f.detail) for f in found]
    )
    return found


def _run(run: _Probe) -> None:
    job_id, space = run.store.ledger.job_ids.new(), run.store.settings.space
    with run.checking("key_is_accepted"):
        run.gemini.batches.list_jobs(max_pages=1)
    tokens = sum(estimate_tokens(space.document_text(text)) for text in TEXTS)
    with paid_job(
        run.store, f"{booked_as(run.store, PROBE)}+{job_id}+job", space.model, tokens
    ) as job:
        with run.checking("request_file_is_accepted"):
            lines = [*embedding_lines(space, [(text_hash(text), text) for text in TEXTS])]
            input_file = run.gemini.batches.upload(
                lambda: lines, name="probe.jsonl", check=lambda: None
            )
        name = display_name(run.store.ledger.ledger_id, job_id)
        with run.checking("job_is_created"):
            remote_name = job.created(
                lambda: run.gemini.batches.create_embedding_job(
                    model=space.model, input_file=input_file, display_name=name
                )
            )
        try:
            _watch(run, name, remote_name, job)
        finally:
            run.gemini.batches.delete_job(remote_name)
    with run.checking("input_file_is_deleted"):
        run.gemini.batches.delete_file(input_file)


def _watch(run: _Probe, name: str, remote_name: str, job: PaidJob) -> None:
    with run.checking("listing_shows_the_display_name"):
        listed = run.gemini.batches.list_jobs(max_pages=3).jobs
        assert name in {job.display_name for job in listed}, f"{name} is not listed"
    with run.checking("job_ends_with_a_result_file") as said:
        remote = ended(run.store, run.gemini, remote_name, run.sleep)
        said.append(remote.state)
        assert remote.result_file, f"{remote.state}: {remote.error_message}"
    _check_answers(run, name, str(remote.result_file), job)


def ended(
    store: Store, gemini: Gemini, remote_name: str, sleep: Callable[[float], None]
) -> RemoteJob:
    """Wait until a job has ended, for as long as that takes."""
    while True:
        try:
            remote = gemini.batches.get(remote_name)
        except GeminiUnavailable as error:
            store.report_progress(f"probe: {error}")
        else:
            if state_of_remote(remote.state) == JobState.ENDED:
                return remote
            store.report_progress(f"probe: {remote.state}")
        sleep(_POLL_SECONDS)


def _check_answers(run: _Probe, name: str, result_file: str, job: PaidJob) -> None:
    space = run.store.settings.space
    keys = [text_hash(text) for text in TEXTS]
    answers = io.BytesIO()
    with run.checking("result_file_is_readable"):
        run.gemini.batches.download(result_file, answers.write, of=name)
    with run.checking("every_key_is_answered_once_in_the_asked_dimensions") as said:
        [block] = decode_answers(
            io.BytesIO(answers.getvalue()),
            expected=keys,
            dimensions=space.dimensions,
            normalise=space.normalise,
        )
        assert sorted(block.keys) == sorted(keys), "not all keys were answered"
        said.append(f"tokens {block.tokens}")
        if None not in block.tokens:
            job.counted(sum(count or 0 for count in block.tokens))
    by_key: dict[str, npt.NDArray[np.float32]] = dict(zip(block.keys, block.vectors, strict=True))
    with run.checking("real_time_vectors_agree") as said:
        again = embed_sample(run.store, run.gemini, space, TEXTS, of=booked_as(run.store, PROBE))
        cosines = [float(again[i] @ by_key[key]) for i, key in enumerate(keys)]
        said.append(f"cosines {[round(cosine, 4) for cosine in cosines]}")
        assert min(cosines) >= MIN_COSINE, f"lowest cosine {min(cosines):.3f}"
