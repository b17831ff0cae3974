"""For each safeguard against the outside, the scenario that goes red without it, and what of it."""

from collections.abc import Callable

from tests.chaos.outside import evidence_guards as evidence
from tests.chaos.outside import money, time_and_absence, two_services
from tests.chaos.outside import money_guards as booking
from tests.chaos.outside import place_guards as place
from tests.chaos.outside import refusals_and_places as refusals
from tests.chaos.scenarios import Incident, Scenario
from tests.chaos.steps import Blow

_COLLECTED = Blow("move to collected", "after")
_CASES: tuple[tuple[Callable[[], None], str, Scenario], ...] = (
    # A
    (booking.money_after_the_move, "unbilled", Scenario(f"{_COLLECTED}", blow=_COLLECTED)),
    # B
    (booking.no_cap_at_insertion, "over_cap", money.raced_at_once()),
    (booking.no_run_of_a_submission, "over_cap", money.capped_run()),
    (booking.no_run_cap_at_forming, "over_cap", money.grown_meanwhile()),
    (booking.no_upper_bound, "over_cap", money.raced_by_batch()),
    (booking.no_cap_of_questions, "over_cap", money.questions()),
    # C
    (evidence.no_fresh_look, "paid_twice", time_and_absence.slept_over_a_weekend()),
    (evidence.given_up_by_age, "paid_twice", time_and_absence.unlisted_over_a_weekend()),
    (evidence.reopened_while_it_runs, "undone", time_and_absence.never_ending()),
    (evidence.leases_by_the_clock, "lost", time_and_absence.lease_a_day_ahead()),
    (evidence.ids_by_the_clock, "lost", time_and_absence.retried(-2)),
    # D
    (evidence.no_second_look_at_listings, "paid_twice", time_and_absence.empty_listing()),
    (evidence.absence_believed, "paid_twice", time_and_absence.nothing_found()),
    (evidence.listing_believed, "ending", time_and_absence.listed_as("failed")),
    (evidence.tokens_followed, "hammered", time_and_absence.repeated_tokens()),
    (evidence.words_believed, "paid_twice", time_and_absence.barred_downloads(55)),
    (evidence.refused_creation_in_doubt, "ending", time_and_absence.model_refused("not-found")),
    # E
    (evidence.half_an_answer, "paid_twice", time_and_absence.empty_body()),
    # F
    (booking.no_doubt_about_calls, "unbilled_calls", money.lost_canary()),
    (booking.no_doubt_about_parts, "unbilled_calls", money.lost_at_once()),
    # G
    (place.manifests_trusted, "trouble", refusals.bad_manifest(Incident.CUT_MANIFEST)),
    (place.untranslated, "trouble", refusals.undecodable("batches.get")),
    (place.any_count, "lost", refusals.huge_count()),
    # H
    (place.refusals_cost_attempts, "ending", refusals.every_create("create-400")),
    (place.rows_fail_alone, "ending", refusals.half_of_rows()),
    # I
    (place.no_home, "paid_twice", refusals.copied_lake()),
    (place.no_event_count, "over_cap", money.morning_ledger()),
    # J
    (
        evidence.no_fence_of_taking_back,
        "results_differ",
        time_and_absence.slept_before_taking_back(),
    ),
    (evidence.no_last_word, "undone", time_and_absence.abandoned_by_hand()),
    (evidence.lost_races_raised, "trouble", time_and_absence.eight_advancers()),
    # O
    (place.one_service, "lost", two_services.both_are_sent()),
    # N
    (place.unscrubbed, "secrets", refusals.suspended_key()),
)


def safeguards() -> dict[str, Callable[[], None]]:
    return {_name(function): function for function, _, _ in _CASES}


def cases() -> dict[str, tuple[str, Scenario]]:
    return {_name(function): (sees, scenario) for function, sees, scenario in _CASES}


def _name(function: Callable[[], None]) -> str:
    return function.__name__.replace("_", "-")
