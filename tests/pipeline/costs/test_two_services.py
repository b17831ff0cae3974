"""Both services of Google side by side: where they differ, and when the other one would be better."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from semantic_assets.cli.terminal_tables import estimate_tables
from semantic_assets.pipeline.costs.estimate import estimate, estimate_articles
from semantic_assets.pipeline.costs.expected_finish import job_pace
from semantic_assets.pipeline.costs.services.capacity import capacity
from semantic_assets.pipeline.costs.services.comparison import (
    Limit,
    Load,
    Services,
    better_service,
    compare_services,
    is_worth_showing,
)
from semantic_assets.pipeline.costs.services.other_service import services_for
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.reports.status import status
from semantic_assets.settings.settings import project_dir
from semantic_assets.text.scripts import Script
from tests.trial import Trial

WINDOW = 500_000
MODEL = "gemini-embedding-001"
HOUR, DAY = 3_600.0, 86_400.0


def on(trial: Trial, backend: str) -> Trial:
    """The same lake and ledger with another backend; nothing is called."""
    settings = replace(trial.settings, backend=backend, api_key="AIza-of-nobody-in-a-test")
    return replace(trial, settings=settings, store=replace(trial.store, settings=settings))


def compared(fills: float, backend: str = "", **options: object) -> Services:
    load = Load(texts=1_000, tokens=round(fills * WINDOW), window=WINDOW)
    return compare_services([load], 1.0, backend=backend, **options)  # type: ignore[arg-type]


def test_the_window_is_filled_in_turn_and_all_jobs_of_the_platform_wait_at_once() -> None:
    developer, platform = compared(960)
    assert (developer.fills, developer.days_low, developer.days_high) == (960, 40.0, 960.0)
    assert (platform.fills, platform.days_low, platform.days_high) == (0, 0.0, 4.0)
    assert developer.jobs > 100 * platform.jobs
    assert "960 fills" in developer.breaks_first
    assert platform.breaks_first == "nothing"


def test_the_price_of_the_platform_is_unknown() -> None:
    developer, platform = compared(1)
    assert (developer.usd, platform.usd) == (1.0, None)


def test_two_models_have_a_window_each() -> None:
    loads = [Load(10, 3 * WINDOW, WINDOW), Load(10, 2 * WINDOW, WINDOW)]
    developer, _ = compare_services(loads, 1.0)
    assert developer.fills == 5
    assert developer.days_high == 3.0  # side by side


def test_nothing_to_send_takes_no_job_and_no_day() -> None:
    for one in compare_services([], 0.0, backend="gemini"):
        assert (one.jobs, one.fills, one.days_high) == (0, 0, 0.0)


def test_what_is_seen_counts_for_the_service_it_was_seen_of() -> None:
    developer, platform = compared(10, fill_seconds=(2 * DAY, 2 * DAY))
    assert (developer.days_low, platform.days_high) == (20.0, 4.0)
    developer, platform = compared(10, queue_seconds=(HOUR, 2 * HOUR))
    assert developer.days_high == 10.0
    assert platform.days_high == pytest.approx(2 / 24, abs=0.01)


def test_what_breaks_on_this_machine_breaks_with_either_service() -> None:
    found = compared(960, others=[Limit("the disk", 9.0, "")])
    assert [one.breaks_first for one in found] == ["the disk", "the disk"]


@pytest.mark.parametrize(
    ("fills", "backend", "says"),
    [
        (960, "gemini", "about 40 days"),
        (96, "gemini", None),  # four days at its fastest: the queue may take as long
        (960, "agent-platform", None),
        (0.5, "agent-platform", "at once"),
        (1.5, "agent-platform", None),
        (0.5, "gemini", None),
        (960, "emulator", None),
    ],
)
def test_the_other_service_is_named_where_it_would_be_better(
    fills: float, backend: str, says: str | None
) -> None:
    found = better_service(compared(fills, backend))
    assert (found is None) == (says is None)
    assert says is None or (found is not None and says in found and "docs/scaling.md" in found)


def test_a_queue_that_was_seen_to_be_fast_is_no_reason_to_change() -> None:
    assert better_service(compared(0.5, "agent-platform", queue_seconds=(HOUR, HOUR))) is None


@given(articles=st.integers(1, 10**7), backend=st.sampled_from(("gemini", "agent-platform")))
def test_never_both_are_better(articles: int, backend: str) -> None:
    load = Load(articles, articles * 300, WINDOW)
    both = [
        better_service(compare_services([load], 1.0, backend=one))
        for one in ("gemini", "agent-platform")
    ]
    assert None in both


def test_capacity_and_a_quote_agree(trial: Trial) -> None:
    found = capacity(1_000_000, tier=1)
    store = trial.store
    quoted = services_for(store, {MODEL: (found.chunks, found.tokens)}, found.usd)
    assert [(one.jobs, one.days_low, one.days_high, one.usd) for one in quoted] == [
        (one.jobs, one.days_low, one.days_high, one.usd) for one in found.services
    ]


def test_a_quote_has_both_whatever_the_backend(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The lamp is lit at dusk.")
    trial.prepare()
    for backend in ("emulator", "gemini", "agent-platform"):
        quote = estimate(on(trial, backend).store)
        assert [one.is_used for one in quote.services] == [
            backend == "gemini",
            backend == "agent-platform",
        ]
        assert quote.services[0].fills == 1
        assert not is_worth_showing(quote.services)
        assert (quote.other_service is not None) == (backend == "agent-platform")


def test_an_imagined_corpus_names_the_platform(trial: Trial) -> None:
    quote = estimate_articles(
        on(trial, "gemini").store, articles=1_000_000, chars=9_000, script=Script.LATIN
    )
    assert is_worth_showing(quote.services)
    assert quote.other_service is not None


def told(trial: Trial, articles: int, *, asked: bool = False) -> str:
    """The tables of a quote as a terminal shows them."""
    quote = estimate_articles(trial.store, articles=articles, chars=9_000, script=Script.LATIN)
    shown = io.StringIO()
    console = Console(file=shown, width=80)
    for one in estimate_tables(quote, services=asked):
        console.print(one)
    return shown.getvalue()


def test_the_table_of_both_is_shown_where_it_matters_or_is_asked_for(trial: Trial) -> None:
    real = on(trial, "gemini")
    assert "Developer API" in told(real, 1_000_000)
    assert "unknown" in told(real, 1_000_000)
    assert "Developer API" not in told(real, 100)
    assert "Developer API" in told(real, 100, asked=True)
    assert "Developer API" not in told(trial, 1_000_000)  # of the emulator
    assert "Developer API" in told(trial, 1_000_000, asked=True)


def test_who_names_a_service_for_a_dataset_is_told_nothing(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The lamp is lit at dusk.")
    trial.prepare()
    real = on(trial, "agent-platform")
    assert estimate(real.store).other_service is not None
    trial.write("acme/notes/dataset.toml", 'backend = "gemini"\n')
    discover(real.store)
    quote = estimate(real.store)
    assert {part.service for part in quote.by_script} == {"gemini"}
    assert quote.other_service is None


def test_the_queue_of_the_platform_is_expected_and_not_a_day(trial: Trial) -> None:
    pace = job_pace(on(trial, "agent-platform").store)
    assert pace.seconds_high == 96 * HOUR
    assert "72 hours" in pace.basis


def test_status_says_it_beside_the_finish(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The lamp is lit at dusk.")
    trial.prepare()
    found = status(on(trial, "agent-platform").store, scope_id="none")
    assert found.other_service is not None
    assert status(on(trial, "gemini").store, scope_id="none").other_service is None
    assert status(trial.store, scope_id="none").other_service is None


def test_the_page_names_the_sizes_from_which_the_other_service_is_better() -> None:
    page = (project_dir() / "docs" / "scaling.md").read_text()
    for tier, all_at_once, most in ((1, 197, 19_000), (2, 1_979, 190_000), (3, 3_958, 380_000)):
        assert f"{all_at_once:,}" in page
        assert f"{most:,}" in page
        fits, fills = (capacity(n, tier=tier).services[0] for n in (all_at_once, all_at_once + 1))
        assert (fits.fills, fills.fills) == (1, 2)
        window, queue = capacity(most, tier=tier).services
        assert window.days_low <= queue.days_high
        assert capacity(round(most * 1.02), tier=tier).services[0].days_low > queue.days_high
