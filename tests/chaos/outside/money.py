"""A, B and F: the row and its money, caps, and answers that were lost."""

from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.faults import with_fault
from tests.chaos.scenarios import Cap, Fault, Incident, Life, Scenario, Task
from tests.chaos.steps import WHENS, Blow

#: Before its job has ended.
_DELETED = Fault("deleted-by-somebody", {"after_seconds": 20.0})
#: A job that waits for a call Google refuses, is given up, is gone, is distrusted.
_FINAL = {
    "move to released": with_fault("create-429"),
    "move to rejected": with_fault("create-400"),
    "move to abandoned": with_fault("create-timeout-not-created"),
    "move to gone": Scenario("gone", faults=(_DELETED,)),
    "move to quarantined": with_fault("corrupted-line"),
}
#: Room for the larger of two shards in real time, and for a good half of both in batches.
_ONE_SHARD_USD, _HALF_USD = 0.000_30, 0.000_30
#: Room for one job of a window of 1,000 tokens, its canary included.
_ONE_JOB_USD = 0.000_050
_PER_RUN = "SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN"
_QUESTIONS = "SEMANTIC_ASSETS_MAX_QUESTION_COST_USD_PER_DAY"
_LOST_ANSWER = {"method": "models.batchEmbedContents"}


def money() -> list[Scenario]:
    return [*killed_at_final_moves(), *capped(), *lost_answers()]


def killed_at_final_moves() -> Iterator[Scenario]:
    """A: a process dies before or after the move that makes a job final."""
    for step, scenario in _FINAL.items():
        for when in WHENS:
            blow = Blow(step, when)
            name = f"A: {scenario.name}, {blow}"
            yield replace(scenario, name=name, blow=blow, patient_takeover=True)


def capped() -> list[Scenario]:
    """B: caps, each reserved where the money is spent."""
    return [
        raced_at_once(),
        capped_run(),
        Scenario(
            "B: embed_shard under a cap of nothing",
            task=Task.EMBED_SHARD,
            cap=Cap(0.000_000_000_1, _PER_RUN),
        ),
        grown_meanwhile(),
        questions(),
        Scenario(
            "B: no text is sent without consent",
            cap=Cap(0.0, _QUESTIONS, is_default=True),
        ),
        raced_by_batch(),
        Scenario(
            "B: passes of cron under a cap of the day", cap=Cap(_HALF_USD), life=Life.EACH_STEP
        ),
        morning_ledger(),
    ]


def raced_at_once() -> Scenario:
    return Scenario(
        "B: 8 processes embed at once under a cap of the day",
        processes=8,
        task=Task.AT_ONCE,
        cap=Cap(_ONE_SHARD_USD),
    )


def raced_by_batch() -> Scenario:
    return Scenario("B: 4 processes under a cap of the day", processes=4, cap=Cap(_HALF_USD))


def capped_run() -> Scenario:
    """Each of its jobs is below the cap, all of them are not."""
    return Scenario(
        "B: embed_shard under a cap of the run",
        task=Task.EMBED_SHARD,
        window=1_000,
        cap=Cap(_ONE_JOB_USD, _PER_RUN),
    )


def grown_meanwhile() -> Scenario:
    """Another process cuts a large dataset while a refresh with a cap waits."""
    return Scenario(
        "B: a dataset grows while a refresh waits",
        task=Task.REFRESH,
        grows=True,
        cap=Cap(0.002, _PER_RUN),
    )


def questions() -> Scenario:
    """Twenty questions, and nobody consented to anything."""
    return Scenario(
        "B: questions without consent",
        task=Task.QUESTIONS,
        cap=Cap(0.000_1, _QUESTIONS, is_default=True),
    )


def morning_ledger() -> Scenario:
    """I: the day's cap is spent, and the ledger of the morning is brought back."""
    return Scenario(
        "I: the ledger of the morning under a cap of the day",
        task=Task.AT_ONCE,
        cap=Cap(_ONE_SHARD_USD),
        mishap=Incident.OLD_LEDGER,
        unnoticed=True,
    )


def lost_answers() -> list[Scenario]:
    """F: what Google may have done is booked."""
    return [lost_canary(), lost_at_once(), refused_canary()]


def lost_canary() -> Scenario:
    lost = Fault("undecodable-body", _LOST_ANSWER, times=4)
    return Scenario("F: the answers of canaries are lost", faults=(lost,))


def lost_at_once() -> Scenario:
    lost = Fault("undecodable-body", _LOST_ANSWER, times=3)
    return Scenario("F: real-time answers are lost", faults=(lost,), task=Task.AT_ONCE)


def refused_canary() -> Scenario:
    lasting = Fault("realtime-503", times=None, for_seconds=10_800.0)
    return Scenario("F: canaries are refused for 3 hours", faults=(lasting,))
