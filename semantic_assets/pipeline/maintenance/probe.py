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
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import display_name
from semantic_assets.model.catalog import AGENT_PLATFORM, is_charged
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.costs.paid_jobs import PROBE, PaidJob, booked_as, paid_job
from semantic_assets.pipeline.maintenance.findings import Finding, Findings, Stopped
from semantic_assets.pipeline.maintenance.probe_both import ask_both_services
from semantic_assets.pipeline.maintenance.probe_jobs import Left, ended, forgotten
from semantic_assets.pipeline.maintenance.probe_platform import (
    ask_for_a_failed_row,
    ask_for_several_contents,
    ask_for_the_name,
    ask_of_the_folder,
    ask_of_the_rows,
    name_what_stays_open,
)
from semantic_assets.pipeline.maintenance.probe_versions import try_methods
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import text_hash
from semantic_assets.text.tokens import estimate_tokens

TEXTS = (
    "The pilot boards at the fairway buoy.",
    "Купол закрывают, когда ветер сильнее пятнадцати метров в секунду.",
    "Before opening the valve, read the pressure on both sides and write it down.",
)


@dataclass(slots=True)
class _Probe:
    store: Store
    gemini: Gemini
    sleep: Callable[[float], None]
    findings: Findings = field(default_factory=Findings)

    @property
    def is_platform(self) -> bool:
        return self.gemini.endpoint.backend == AGENT_PLATFORM

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
    if gemini.endpoint.backend != AGENT_PLATFORM:  # which has one version
        run.findings.found += try_methods(store, gemini)
    found = run.findings.found
    passed = all(finding.holds for finding in found if finding.is_needed)
    scope = gemini.endpoint
    store.ledger.scopes.register(scope.scope_id, backend=scope.backend, base_url=scope.identity)
    store.ledger.scopes.probed(
        gemini.scope_id, passed, [(f.name, f.holds, f.detail) for f in found]
    )
    return found


def _run(run: _Probe) -> None:
    store, gemini = run.store, run.gemini
    job_id, space = store.ledger.job_ids.new(), store.settings.space
    name = display_name(store.ledger.ledger_id, job_id)
    with run.checking("credentials_are_accepted" if run.is_platform else "key_is_accepted"):
        gemini.batches.list_jobs(max_pages=1)
    tokens = sum(estimate_tokens(space.document_text(text)) for text in TEXTS)
    booked = f"{booked_as(store, PROBE)}+{job_id}+job"
    with (
        paid_job(store, booked, space.model, tokens) as job,
        forgotten(gemini, name) as left,
    ):
        with run.checking("request_file_is_accepted"):
            lines = [*embedding_lines(space, [(text_hash(text), text) for text in TEXTS])]
            input_file = gemini.batches.upload(
                lambda: lines, name=f"{name}.jsonl", check=lambda: None
            )
            left.input_file = input_file
        with run.checking("job_is_created"):
            left.remote_name = job.created(
                lambda: gemini.batches.create_embedding_job(
                    model=space.model, input_file=input_file, display_name=name
                )
            )
        _watch(run, name, left, job)
        with run.checking("input_file_is_deleted"):
            gemini.batches.delete_file(input_file)
            left.input_file = None
    if run.is_platform:
        ask_for_a_failed_row(run.findings, store, gemini, run.sleep)
        ask_for_several_contents(run.findings, store, gemini)
        name_what_stays_open(run.findings, store, gemini.scope_id, tokens)


def _watch(run: _Probe, name: str, left: Left, job: PaidJob) -> None:
    if run.is_platform:
        ask_for_the_name(run.findings, run.gemini, name)
    with run.checking("listing_shows_the_display_name"):
        listed = run.gemini.batches.list_jobs(max_pages=3).jobs
        assert name in {job.display_name for job in listed}, f"{name} is not listed"
    with run.checking("job_ends_with_a_result_file") as said:
        remote = ended(run.store, run.gemini, str(left.remote_name), run.sleep)
        left.result_file = remote.result_file
        said.append(remote.state)
        assert remote.result_file, f"{remote.state}: {remote.error_message}"
    _check_answers(run, name, remote, job)


def _check_answers(run: _Probe, name: str, remote: RemoteJob, job: PaidJob) -> None:
    space = run.store.settings.space
    keys = [text_hash(text) for text in TEXTS]
    answers = io.BytesIO()
    with run.checking("result_file_is_readable"):
        run.gemini.batches.download(str(remote.result_file), answers.write, of=name)
    if run.is_platform:
        ask_of_the_folder(run.findings, run.gemini, name, remote)
        ask_of_the_rows(run.findings, remote, answers.getvalue(), keys, space.dimensions)
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
    if is_charged(run.store.settings.backend):
        ask_both_services(run.findings, run.store, TEXTS, np.stack([by_key[key] for key in keys]))
