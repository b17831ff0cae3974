"""What files hold, what was paid, which index serves, which runs were asked for, what scopes bear."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.index_versions import BUILDING, RETIRED, SERVING
from semantic_assets.ledger.lake_files.file_notes import FileNote
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.ledger.money.spend_totals import ACTUAL, ESTIMATED, POSSIBLY_BILLED, REALTIME
from semantic_assets.ledger.run_requests import BACKOFF_SECONDS, MAX_ATTEMPTS, KnownRuns
from semantic_assets.model.keys import DatasetKey
from tests.factories import MODEL, SCOPE_ID, SPACE, Clock, make_space, run_together
from tests.ledger.ledger_processes import (
    ask_for_run,
    book_spending,
    pause_scope,
    start_generations,
)

PATH = "chunks/project=a/dataset=b/shard=00000.parquet"
DATASET = DatasetKey("a", "b")


def acquire(ledger: Ledger, name: str) -> Lease:
    lease = ledger.leases.acquire(name)
    assert lease is not None
    return lease


def take_over(ledger: Ledger, clock: Clock, name: str) -> tuple[Lease, Lease]:
    old = acquire(ledger, name)
    clock.advance(ledger.leases.ttl_seconds + 1)
    return old, acquire(ledger, name)


# -- table files ----------------------------------------------------------------------------------


def record(ledger: Ledger, lease: Lease, fingerprint: str) -> None:
    ledger.files.record(
        lease, PATH, fingerprint=fingerprint, input_fingerprint=f"of {fingerprint}", rows=3
    )


def test_a_file_nobody_recorded_is_unknown(ledger: Ledger) -> None:
    assert ledger.files.find(PATH) is None


def test_a_recorded_file_is_found_and_a_later_record_replaces_it(
    ledger: Ledger, clock: Clock
) -> None:
    lease = acquire(ledger, "shard:s")
    for fingerprint in ("f1", "f2"):
        clock.advance(1)
        record(ledger, lease, fingerprint)
        found = ledger.files.find(PATH)
        assert found is not None
        assert (found.path, found.fingerprint) == (PATH, fingerprint)
        assert (found.input_fingerprint, found.rows) == (f"of {fingerprint}", 3)
        assert found.updated_at == clock.now


def test_a_record_under_an_old_fence_is_refused_and_changes_nothing(
    ledger: Ledger, clock: Clock
) -> None:
    old, new = take_over(ledger, clock, "shard:s")
    record(ledger, new, "new")
    with pytest.raises(Conflict, match="shard:s"):
        record(ledger, old, "old")
    found = ledger.files.find(PATH)
    assert found is not None
    assert found.fingerprint == "new"


def test_a_record_under_a_lease_nobody_ever_held_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Conflict):
        record(ledger, Lease("shard:s", "me", 1), "f")
    assert ledger.files.find(PATH) is None


# -- spending -------------------------------------------------------------------------------------


def book(ledger: Ledger, job: str, kind: str, usd: float, tokens: int = 10) -> None:
    ledger.spending.book(job, kind, model=MODEL, tokens=tokens, usd=usd)


def test_booked_twice_a_job_counts_once(ledger: Ledger) -> None:
    for usd in (0.25, 0.75):
        book(ledger, "j1", ACTUAL, usd)
        book(ledger, "j1", REALTIME, usd)
    totals = ledger.spending.totals()
    assert (totals.batch_tokens, totals.batch_usd) == ({"gemini-embedding-001": 10}, 0.25)
    assert (totals.realtime_tokens, totals.realtime_usd) == (10, 0.25)


def test_an_estimate_is_committed_until_the_actual_figure_is_known(ledger: Ledger) -> None:
    book(ledger, "j1", ESTIMATED, 0.5)
    book(ledger, "j2", ESTIMATED, 0.25)
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.spent_usd) == (0.75, 0.0)
    book(ledger, "j1", ACTUAL, 0.625)
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.batch_usd, totals.spent_usd) == (0.25, 0.625, 0.625)


def test_what_may_have_been_billed_is_no_longer_committed_and_counts_as_spent(
    ledger: Ledger,
) -> None:
    book(ledger, "j1", ESTIMATED, 0.5)
    book(ledger, "j1", POSSIBLY_BILLED, 0.5)
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.possibly_billed_usd) == (0.0, 0.5)
    assert totals.spent_usd == 0.5


def test_a_canary_is_spent_and_its_jobs_estimate_stays_committed(ledger: Ledger) -> None:
    book(ledger, "j1", ESTIMATED, 0.5)
    book(ledger, "j1", REALTIME, 0.125, tokens=3)
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.realtime_usd, totals.realtime_tokens) == (0.5, 0.125, 3)


def test_a_release_ends_the_reservation_and_takes_back_no_payment(ledger: Ledger) -> None:
    book(ledger, "j1", ESTIMATED, 0.5)
    book(ledger, "j1", REALTIME, 0.125)
    book(ledger, "j2", ESTIMATED, 0.25)
    for _ in range(2):
        ledger.spending.release("j1")
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.realtime_usd) == (0.25, 0.125)


def test_a_day_counts_what_was_booked_in_it(ledger: Ledger, clock: Clock) -> None:
    book(ledger, "j1", ACTUAL, 0.5)
    clock.advance(100)
    book(ledger, "j2", ACTUAL, 0.25)
    assert ledger.spending.totals(since=clock.now).batch_usd == 0.25
    assert ledger.spending.totals(since=clock.now - 100).batch_usd == 0.75
    assert ledger.spending.totals(since=clock.now + 1).batch_usd == 0.0


def test_processes_that_book_the_same_jobs_at_once_book_each_once(
    ledger_url: str, ledger: Ledger
) -> None:
    run_together(book_spending, ledger_url, [f"j{number}" for number in range(8)])
    assert ledger.spending.totals().committed_usd == 4.0


def test_what_other_tools_spent_is_in_the_totals_of_its_day(ledger: Ledger, clock: Clock) -> None:
    old = ledger.spending.enter(1.0, at=clock.now - 100, note="")
    new = ledger.spending.enter(0.5, at=clock.now, note="a notebook")
    assert ledger.spending.entered() == [old, new]
    assert ledger.spending.totals().other_usd == 1.5
    assert ledger.spending.totals(since=clock.now).spent_usd == 0.5
    assert ledger.spending.totals(of=lambda job_id: True).spent_usd == 0
    assert ledger.spending.take_back(old.entry_id)
    assert not ledger.spending.take_back(old.entry_id)
    assert ledger.spending.entered() == [new]


def test_a_ledger_without_the_table_of_other_tools_gets_it_when_it_is_opened(
    ledger: Ledger, opened: Callable[[], Ledger]
) -> None:
    with ledger.database.write() as connection:
        connection.execute(sa.text("DROP TABLE other_spend"))
    again = opened()
    again.spending.enter(0.5, at=0.0, note="")
    assert again.spending.totals().other_usd == 0.5


# -- generations ----------------------------------------------------------------------------------


def build(ledger: Ledger, lease: Lease, dataset: DatasetKey, number: int, *, rows: int = 5) -> None:
    ledger.index_versions.built(
        lease,
        dataset,
        number,
        rows=rows,
        input_fingerprint=f"in{number}",
        inputs={"s": "f"},
        backend="exact",
    )


def switch(ledger: Ledger, lease: Lease, number: int, rows: int = 5) -> None:
    build(ledger, lease, DATASET, number, rows=rows)
    ledger.index_versions.switch(lease, DATASET, number)


def states(ledger: Ledger, dataset: DatasetKey = DATASET) -> dict[int, str]:
    return {item.number: item.state for item in ledger.index_versions.list(dataset)}


def test_a_generation_serves_only_after_the_switch(ledger: Ledger, clock: Clock) -> None:
    number = ledger.index_versions.start(DATASET, "space")
    assert states(ledger) == {number: BUILDING}
    assert ledger.index_versions.serving(DATASET) is None
    switch(ledger, acquire(ledger, "index:a/b"), number)
    serving = ledger.index_versions.serving(DATASET)
    assert serving is not None
    assert (serving.number, serving.state, serving.rows) == (1, SERVING, 5)
    assert (serving.dataset, serving.space_id) == (DATASET, "space")
    assert (serving.input_fingerprint, serving.inputs) == ("in1", {"s": "f"})
    assert serving.created_at == clock.now


def test_a_generation_switched_back_to_serves_and_is_held(ledger: Ledger, clock: Clock) -> None:
    lease = acquire(ledger, "index:a/b")
    for _ in range(2):
        switch(ledger, lease, ledger.index_versions.start(DATASET, "space"))
    clock.advance(5)
    ledger.index_versions.switch_back(lease, DATASET, 1, held_for="in2")
    serving = ledger.index_versions.serving(DATASET)
    assert serving is not None
    assert (serving.number, serving.held_for, serving.served_at) == (1, "in2", clock.now)
    assert states(ledger) == {2: RETIRED, 1: SERVING}


def test_one_generation_serves_and_the_one_before_retires(ledger: Ledger) -> None:
    lease = acquire(ledger, "index:a/b")
    for space in ("space", "space", "another"):
        switch(ledger, lease, ledger.index_versions.start(DATASET, space))
    assert states(ledger) == {3: SERVING, 2: RETIRED, 1: RETIRED}
    assert [item.number for item in ledger.index_versions.list(DATASET)] == [3, 2, 1]


def test_a_number_is_never_used_again_not_even_of_an_unfinished_build(ledger: Ledger) -> None:
    assert [ledger.index_versions.start(DATASET, s) for s in ("a", "b", "a")] == [1, 2, 3]
    assert ledger.index_versions.start(DatasetKey("a", "other"), "a") == 1


def test_datasets_switch_apart(ledger: Ledger) -> None:
    other = DatasetKey("a", "other")
    for dataset in (other, DATASET, DATASET):
        number = ledger.index_versions.start(dataset, "space")
        lease = acquire(ledger, f"index:{dataset}:{number}")
        build(ledger, lease, dataset, number)
        ledger.index_versions.switch(lease, dataset, number)
    assert states(ledger, other) == {1: SERVING}
    assert states(ledger) == {2: SERVING, 1: RETIRED}


def test_who_was_taken_over_does_not_switch(ledger: Ledger, clock: Clock) -> None:
    old, new = take_over(ledger, clock, "index:a/b")
    switch(ledger, new, ledger.index_versions.start(DATASET, "space"))
    late = ledger.index_versions.start(DATASET, "space")
    with pytest.raises(Conflict, match="index:a/b"):
        switch(ledger, old, late)
    assert states(ledger) == {2: BUILDING, 1: SERVING}


def test_a_switch_to_a_generation_that_is_gone_keeps_the_old_one_serving(ledger: Ledger) -> None:
    lease = acquire(ledger, "index:a/b")
    switch(ledger, lease, ledger.index_versions.start(DATASET, "space"))
    number = ledger.index_versions.start(DATASET, "space")
    ledger.index_versions.forget(DATASET, number)
    with pytest.raises(Conflict):
        switch(ledger, lease, number)
    assert states(ledger) == {1: SERVING}


def test_the_serving_generation_cannot_be_forgotten(ledger: Ledger) -> None:
    lease = acquire(ledger, "index:a/b")
    for _ in range(2):
        switch(ledger, lease, ledger.index_versions.start(DATASET, "space"))
    for number in (1, 2):
        ledger.index_versions.forget(DATASET, number)
    assert states(ledger) == {2: SERVING}


def test_processes_that_start_generations_at_once_get_different_numbers(
    ledger_url: str, ledger: Ledger
) -> None:
    started = run_together(start_generations, ledger_url, 5)
    numbers = sorted(number for own in started for number in own)  # type: ignore[attr-defined]
    assert numbers == list(range(1, 21))


# -- runs asked for -------------------------------------------------------------------------------

NAME = "embeddings:a.b.00000"


def number(run_key: str | None) -> int:
    assert run_key is not None
    return int(run_key.rpartition(":")[2])


def failed_now(ledger: Ledger, *run_keys: str | None) -> KnownRuns:
    return KnownRuns(failed={str(key): ledger.database.clock() for key in run_keys})


def fail(ledger: Ledger, clock: Clock, times: int) -> KnownRuns:
    """Ask as often as that, and let each run end in failure."""
    keys: list[str | None] = []
    for _ in range(times):
        runs = failed_now(ledger, *keys)
        clock.advance(10_000)
        keys.append(ledger.requests.ask(NAME, "f1", runs))
    runs = failed_now(ledger, *keys)
    ledger.requests.give_up(runs)
    return runs


def test_a_run_is_asked_for_once_for_the_same_inputs(ledger: Ledger) -> None:
    run_key = ledger.requests.ask(NAME, "f1")
    assert str(run_key).startswith(f"{NAME}:f1:")
    assert ledger.requests.ask(NAME, "f1") is None
    assert str(ledger.requests.ask("another", "f1")).startswith("another:f1:")


def test_a_run_that_failed_is_asked_for_again_after_growing_pauses(
    ledger: Ledger, clock: Clock
) -> None:
    keys, pauses = [ledger.requests.ask(NAME, "f1")], []
    for attempt in range(1, MAX_ATTEMPTS):
        clock.advance(77)  # as long as the run took
        runs, pause = failed_now(ledger, *keys), BACKOFF_SECONDS * 2 ** (attempt - 1)
        assert ledger.requests.open_keys() == keys
        clock.advance(pause - 1)
        assert ledger.requests.ask(NAME, "f1", runs) is None
        clock.advance(1)
        keys.append(ledger.requests.ask(NAME, "f1", runs))
        pauses.append(pause)
    assert [number(key) - number(keys[0]) for key in keys] == [0, 1, 2, 3, 4]
    assert pauses == [120, 240, 480, 960]
    runs = failed_now(ledger, *keys)
    clock.advance(10**9)
    assert ledger.requests.ask(NAME, "f1", runs) is None
    ledger.requests.give_up(runs)
    assert ledger.requests.exhausted() == [NAME]
    assert ledger.requests.ask(NAME, "f1") is None  # also when Dagster's history is gone


def test_a_run_in_flight_is_not_asked_for_however_long_it_waits(
    ledger: Ledger, clock: Clock
) -> None:
    waiting = KnownRuns(in_flight={NAME})
    assert ledger.requests.ask(NAME, "f1", waiting) is None  # a backfill's, or a person's
    assert ledger.requests.ask(NAME, "f1")
    for _ in range(10):
        clock.advance(3_600)
        ledger.requests.give_up(waiting)
        assert ledger.requests.ask(NAME, "f1", waiting) is None
    assert ledger.requests.exhausted() == []
    assert ledger.requests.unanswered("embeddings") == {NAME: "f1"}


def test_a_run_that_vanished_is_asked_for_again_and_never_given_up(
    ledger: Ledger, clock: Clock
) -> None:
    keys = set()
    for _ in range(3 * MAX_ATTEMPTS):
        keys.add(ledger.requests.ask(NAME, "f1"))
        assert ledger.requests.ask(NAME, "f1") is None  # it may only be on its way
        clock.advance(BACKOFF_SECONDS * 2 ** (MAX_ATTEMPTS - 1))
    assert len(keys) == 3 * MAX_ATTEMPTS
    ledger.requests.give_up(KnownRuns())
    assert ledger.requests.exhausted() == []


def test_a_run_that_was_cancelled_between_failures_begins_their_count_anew(
    ledger: Ledger, clock: Clock
) -> None:
    keys: list[str | None] = []
    for _ in range(2 * MAX_ATTEMPTS - 1):
        runs = failed_now(ledger, *(key for n, key in enumerate(keys) if n != MAX_ATTEMPTS - 1))
        clock.advance(10_000)
        keys.append(ledger.requests.ask(NAME, "f1", runs))
        ledger.requests.give_up(runs)
        assert ledger.requests.exhausted() == []
    assert None not in keys


def test_a_clock_that_was_put_back_delays_no_request(ledger: Ledger, clock: Clock) -> None:
    clock.advance(10**6)
    assert ledger.requests.ask(NAME, "f1")
    clock.advance(-(10**6))
    assert ledger.requests.ask(NAME, "f1")


def test_a_lake_begun_anew_has_run_keys_that_dagster_has_not_seen(
    opened: Callable[[], Ledger], clock: Clock
) -> None:
    ledger = opened()
    old = {ledger.requests.ask(NAME, "f1")}
    for _ in range(3):
        clock.advance(10_000)
        old.add(ledger.requests.ask(NAME, "f1"))
    with ledger.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM run_request")
    clock.advance(3_600)
    assert ledger.requests.ask(NAME, "f1") not in old


def test_new_inputs_are_asked_for_at_once_and_have_all_their_attempts(
    ledger: Ledger, clock: Clock
) -> None:
    runs = fail(ledger, clock, MAX_ATTEMPTS)
    assert ledger.requests.exhausted() == [NAME]
    assert ledger.requests.ask(NAME, "f2", runs)
    assert ledger.requests.exhausted() == []


def test_inputs_that_come_back_to_what_they_were_have_a_run_key_of_their_own(
    ledger: Ledger,
) -> None:
    keys = []
    for wanted in ("f1", "f2", "f1"):
        keys.append(ledger.requests.ask(NAME, wanted))
        ledger.requests.done(NAME, wanted)
    assert len({*keys}) == 3
    assert None not in keys


def test_what_is_done_is_not_asked_for(ledger: Ledger, clock: Clock) -> None:
    kind = NAME.partition(":")[0]
    assert ledger.requests.succeeded(kind) == {}
    ledger.requests.done(NAME, "f1")
    assert ledger.requests.succeeded(kind) == {NAME: "f1"}
    clock.advance(10**9)
    assert ledger.requests.ask(NAME, "f1") is None
    assert ledger.requests.ask(NAME, "f2")


def test_a_success_at_the_last_attempt_is_no_exhaustion(ledger: Ledger, clock: Clock) -> None:
    fail(ledger, clock, MAX_ATTEMPTS)
    assert ledger.requests.exhausted() == [NAME]
    ledger.requests.done(NAME, "f1")
    assert ledger.requests.exhausted() == []


def test_processes_that_ask_at_once_start_one_run(ledger_url: str, ledger: Ledger) -> None:
    keys = run_together(ask_for_run, ledger_url)
    [run_key] = [key for key in keys if key is not None]
    assert str(run_key).startswith("embeddings:a:f1:")


# -- scopes ---------------------------------------------------------------------------------------


@pytest.fixture
def scoped(ledger: Ledger) -> Ledger:
    for scope_id in (SCOPE_ID, "other"):
        ledger.scopes.register(scope_id, backend="emulator", base_url="http://localhost")
    return ledger


def test_a_scope_is_registered_once_and_keeps_what_it_learned(scoped: Ledger) -> None:
    scoped.scopes.pause(SCOPE_ID, "no billing")
    scoped.scopes.register(SCOPE_ID, backend="gemini", base_url="http://elsewhere")
    assert scoped.scopes.paused(SCOPE_ID) is not None


def test_a_pause_doubles_from_a_minute_to_an_hour(scoped: Ledger, clock: Clock) -> None:
    lengths = []
    for _ in range(8):
        scoped.scopes.pause(SCOPE_ID, "bad key")
        pause = scoped.scopes.paused(SCOPE_ID)
        assert pause is not None
        assert pause.reason == "bad key"
        lengths.append(pause.until - clock.now)
        clock.advance(lengths[-1] - 0.5)
        assert scoped.scopes.paused(SCOPE_ID) is not None
        clock.advance(0.5)
        assert scoped.scopes.paused(SCOPE_ID) is None
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_success_ends_a_pause_and_the_next_one_is_short_again(
    scoped: Ledger, clock: Clock
) -> None:
    for _ in range(3):
        scoped.scopes.pause(SCOPE_ID, "bad key")
    scoped.scopes.resume(SCOPE_ID, MODEL)
    assert scoped.scopes.paused(SCOPE_ID) is None
    scoped.scopes.pause(SCOPE_ID, "bad key")
    pause = scoped.scopes.paused(SCOPE_ID)
    assert pause is not None
    assert pause.until == clock.now + 60


def test_a_pause_and_a_shrunk_window_concern_one_scope(scoped: Ledger) -> None:
    scoped.scopes.pause(SCOPE_ID, "bad key")
    scoped.scopes.shrink_window(SCOPE_ID, MODEL, to_tokens=100, configured=2_000)
    assert scoped.scopes.paused("other") is None
    assert scoped.scopes.window("other", MODEL, 1_000) == 1_000


def test_a_shrunk_window_is_of_one_model(scoped: Ledger) -> None:
    scoped.scopes.shrink_window(SCOPE_ID, MODEL, to_tokens=100, configured=2_000)
    assert scoped.scopes.window(SCOPE_ID, "gemini-3.5-flash-lite", 1_000) == 1_000


def test_a_shrunk_window_keeps_a_tenth_and_is_back_after_an_hour(
    scoped: Ledger, clock: Clock
) -> None:
    assert scoped.scopes.window(SCOPE_ID, MODEL, 2_000) == 2_000
    scoped.scopes.shrink_window(SCOPE_ID, MODEL, to_tokens=0, configured=2_000)
    sizes = []
    for _ in range(4):
        sizes.append(scoped.scopes.window(SCOPE_ID, MODEL, 2_000))
        clock.advance(1_200)
    assert sizes[0] == 200
    assert sizes == sorted(sizes)
    assert sizes[3] == 2_000


def test_a_pause_of_a_model_concerns_no_other(scoped: Ledger, clock: Clock) -> None:
    scoped.scopes.pause_model(SCOPE_ID, MODEL, "retired")
    assert scoped.scopes.paused(SCOPE_ID) is None
    assert scoped.scopes.paused(SCOPE_ID, "gemini-embedding-2") is None
    pause = scoped.scopes.paused(SCOPE_ID, MODEL)
    assert pause is not None
    assert (pause.reason, pause.until) == ("retired", clock.now + 60)
    scoped.scopes.resume(SCOPE_ID, MODEL)
    assert scoped.scopes.paused(SCOPE_ID, MODEL) is None


def test_a_pause_is_as_long_as_google_says_and_an_hour_at_most(
    scoped: Ledger, clock: Clock
) -> None:
    for seconds, expected in ((600.0, 600), (9.2e18, 3_600)):
        scoped.scopes.pause_model(SCOPE_ID, f"m{seconds}", "a quota", seconds=seconds)
        pause = scoped.scopes.paused(SCOPE_ID, f"m{seconds}")
        assert pause is not None
        assert pause.until == clock.now + expected


def test_the_configured_window_stands_where_it_is_smaller(scoped: Ledger) -> None:
    scoped.scopes.shrink_window(SCOPE_ID, MODEL, to_tokens=1_000, configured=2_000)
    assert scoped.scopes.window(SCOPE_ID, MODEL, 300) == 300


def test_only_a_probe_that_passed_counts_and_the_last_one_decides(scoped: Ledger) -> None:
    assert not scoped.scopes.has_passed_probe(SCOPE_ID)
    scoped.scopes.probed(SCOPE_ID, True, [("keys come back", True, "")])
    assert scoped.scopes.has_passed_probe(SCOPE_ID)
    assert not scoped.scopes.has_passed_probe("other")
    scoped.scopes.probed(SCOPE_ID, False, [("keys come back", False, "shuffled")])
    assert not scoped.scopes.has_passed_probe(SCOPE_ID)


def test_silence_of_a_listing_means_something_once_names_were_seen(scoped: Ledger) -> None:
    assert not scoped.scopes.shows_names(SCOPE_ID)
    scoped.scopes.names_seen(SCOPE_ID)
    assert scoped.scopes.shows_names(SCOPE_ID)
    assert not scoped.scopes.shows_names("other")


def test_processes_that_pause_at_once_each_double_it(ledger_url: str, scoped: Ledger) -> None:
    run_together(pause_scope, ledger_url, SCOPE_ID)
    pause = scoped.scopes.paused(SCOPE_ID)
    assert pause is not None
    assert pause.until == scoped.now() + 480


# -- spaces ---------------------------------------------------------------------------------------


def test_a_space_is_found_by_its_id_whatever_is_set_now(ledger: Ledger) -> None:
    other = make_space(dimensions=1536)
    for space in (SPACE, other, SPACE):
        ledger.spaces.register(space)
    assert ledger.spaces.find(SPACE.space_id) == SPACE
    assert ledger.spaces.find(other.space_id) == other


def test_a_space_nobody_registered_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        ledger.spaces.find("nowhere")


def test_what_is_due_is_told_for_many_names_by_one_query(ledger: Ledger, clock: Clock) -> None:
    other = "embeddings:a.c.00000"
    wanted = {NAME: "f1", other: "f1"}
    assert ledger.requests.due("embeddings", wanted) == [NAME, other]
    ledger.requests.ask(NAME, "f1")
    assert ledger.requests.due("embeddings", wanted) == [other]
    clock.advance(10_000)
    assert ledger.requests.due("embeddings", wanted) == [NAME, other]
    ledger.requests.done(NAME, "f1")
    assert ledger.requests.due("embeddings", wanted) == [other]


def test_a_file_note_is_replaced_found_and_forgotten(ledger: Ledger) -> None:
    notes = [FileNote(f"documents/{n}", f"stamp-{n}", "f1", {"rows": n}) for n in range(300)]
    ledger.notes.record(notes)
    ledger.notes.record([replace(notes[7], stamp="another")])
    few, many = ledger.notes.find({"documents/7"}), ledger.notes.find({n.path for n in notes})
    assert few["documents/7"] == many["documents/7"] == replace(notes[7], stamp="another")
    assert len(many) == 300
    ledger.notes.forget(["documents/7"])
    assert ledger.notes.find({"documents/7"}) == {}
