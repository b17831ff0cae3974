"""Answers that others captured from the live service, once and for hours: they heal by themselves."""

from dataclasses import replace

import pytest

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending.retry import failures
from tests.scenarios.checks import TEXTS, assert_all_ready, statuses
from tests.trial import Trial

HOURS = 3 * 3_600.0
KEY = "AIzaSyA-0123456789-0123456789-012345678"

#: Refused before anything is created: by fault, what of Google's sentence a person must be shown.
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "create-404": ({}, "no longer available to new users"),
    "create-404 not found": ({"wording": "not-found"}, "is not found for API version"),
    "create-429": ({}, "exceeded your current quota"),
    "create-429 minute": ({"quota": "minute"}, "requests or tokens per minute"),
    "create-429 day": ({"quota": "day"}, "requests or tokens per day"),
    "upload-429-storage": ({}, "file_storage_bytes"),
    "files-403-blocked": ({}, "FileService.CreateFile are blocked"),
    "any-503": ({"method": "files.upload.start", "is_empty": True}, "503"),
    "any-error": ({"method": "files.upload.start"}, "Requested entity was not found."),
    "key-revoked": ({}, "has been suspended"),
}
#: Seen while a job is out, or when its answers are fetched and checked.
LATER: dict[str, dict[str, object]] = {
    "list-429": {},
    "list-contradicts-get": {},
    "list-contradicts-get without ours": {"shape": "without-ours"},
    "list-contradicts-get succeeded": {"shape": "succeeded"},
    "list-contradicts-get failed": {"shape": "failed"},
    "list-repeats-token": {},
    "any-error": {"method": "batches.*"},
    "any-error all": {},
    "any-503": {"method": "batches.*", "is_empty": True},
    "undecodable-body": {"method": "batches.*"},
    "undecodable-body download": {"method": "files.download"},
    "realtime-fewer": {},
    "realtime-429 day": {"quota": "day"},
    "realtime-429 unnamed": {"quota": "unnamed"},
}


def _name(fault: str) -> str:
    return fault.split(" ")[0]


@pytest.mark.sample(4)
@pytest.mark.parametrize("lasts", [{"times": 1}, {"times": None, "for_seconds": HOURS}])
@pytest.mark.parametrize("fault", REFUSED)
def test_what_was_refused_is_created_once_when_it_no_longer_is(
    corpus: Trial, fault: str, lasts: dict[str, float | None]
) -> None:
    parameters, said = REFUSED[fault]
    corpus.arm(_name(fault), **lasts, **parameters)
    report = advance(corpus.store, corpus.gemini)
    pauses = corpus.store.ledger.scopes.pauses(corpus.gemini.scope_id)
    assert said in f"{report.trouble} {report.blocked_by} {report.refused} {pauses}"
    assert corpus.remote_jobs() == []
    corpus.advance_until_done()
    corpus.disarm()
    assert len(corpus.remote_jobs()) == 1
    assert_all_ready(corpus)
    assert corpus.store.ledger.spending.totals().possibly_billed_usd == 0


@pytest.mark.sample(4)
@pytest.mark.parametrize("lasts", [{"times": 1}, {"times": None, "for_seconds": HOURS}])
@pytest.mark.parametrize("fault", LATER)
def test_a_job_that_is_out_is_not_sent_again_whatever_is_said_of_it(
    corpus: Trial, fault: str, lasts: dict[str, float | None]
) -> None:
    advance(corpus.store, corpus.gemini)
    corpus.arm(_name(fault), **lasts, **LATER[fault])
    corpus.advance_until_done()
    corpus.disarm()
    assert len(corpus.remote_jobs()) == 1
    assert_all_ready(corpus)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("create-429", {"quota": "minute"}),
        ("create-429", {"quota": "day"}),
        ("upload-429-storage", {}),
    ],
)
def test_a_quota_that_is_not_of_enqueued_tokens_leaves_the_window_alone(
    corpus: Trial, fault: str, parameters: dict[str, object]
) -> None:
    corpus.arm(fault, times=3, **parameters)
    for _ in range(3):
        advance(corpus.store, corpus.gemini)
        corpus.pass_time(3_700.0)
    assert corpus.fired(fault) == 3
    scopes, model = corpus.store.ledger.scopes, corpus.settings.space.model
    assert scopes.window(corpus.gemini.scope_id, model, 500_000) == 500_000


@pytest.mark.parametrize("shape", ["succeeded", "failed"])
def test_a_listing_that_ends_a_running_job_is_not_believed(corpus: Trial, shape: str) -> None:
    corpus.arm("stuck-running", seconds=3_600.0)
    advance(corpus.store, corpus.gemini)
    corpus.arm("list-contradicts-get", times=None, shape=shape)
    corpus.pass_time(120.0)
    advance(corpus.store, corpus.gemini)
    [job] = corpus.store.ledger.jobs.list()
    assert job.state == JobState.RUNNING
    assert len(corpus.remote_jobs()) == 1


def test_a_job_ends_by_name_while_the_listing_is_refused(corpus: Trial) -> None:
    advance(corpus.store, corpus.gemini)
    corpus.arm("list-429", times=None)
    corpus.pass_time(120.0)
    advance(corpus.store, corpus.gemini)
    assert statuses(corpus) == {"READY": TEXTS}


def test_an_output_that_is_named_late_is_waited_for(corpus: Trial) -> None:
    corpus.arm("output-late", seconds=1_800.0)
    corpus.advance_until_done()
    assert corpus.fired("output-late") == 1
    assert_all_ready(corpus)


def test_tokens_of_an_ended_job_that_stay_enqueued_only_delay_the_next(corpus: Trial) -> None:
    corpus.arm("tokens-stay-enqueued", times=None, seconds=10_800.0)
    corpus.arm("hidden-quota", times=None, fraction=0.004)
    small = corpus.reopened(enqueued_tokens=1_500)  # of 2,000 that there really are
    with small.store:
        small.advance_until_done(rounds=300)
        assert corpus.fired("hidden-quota") > 0
        assert_all_ready(small)


def test_trouble_of_the_service_on_half_of_the_rows_fails_no_text(corpus: Trial) -> None:
    corpus.arm("error-lines", times=3, fraction=0.5)  # 40, 20, 10 texts
    corpus.advance_until_done()
    assert failures(corpus.store) == []
    assert_all_ready(corpus)


def test_a_suspended_keys_own_name_is_written_and_shown_nowhere(corpus: Trial) -> None:
    settings = replace(
        corpus.settings, backend="gemini", gemini_url=corpus.url, api_key=KEY, emulator_url=None
    )
    store = replace(corpus.store, settings=settings)
    real = replace(corpus, settings=settings, store=store, gemini=Gemini(endpoint_of(settings)))
    real.arm("key-revoked", times=None)
    said = []
    for call in (
        lambda: real.gemini.batches.list_jobs(max_pages=1),
        lambda: real.gemini.batches.get("batches/x"),
        lambda: real.gemini.batches.list_files(),
        lambda: real.gemini.batches.create_embedding_job(
            model="gemini-embedding-001", input_file="files/x", display_name="x"
        ),
        lambda: real.gemini.embed_documents(settings.space, ["x"]),
    ):
        with pytest.raises(Exception, match="api_key:<key>' has been suspended") as refused:
            call()
        said.append(str(refused.value))
    assert not any(KEY in text for text in said)
