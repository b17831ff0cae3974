"""python -m tests.chaos [--seed N] [--short] [--only TEXT] [--safeguards] [--jobs N]"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable

from tests.chaos import run as runner
from tests.chaos.reds import red_scenarios
from tests.chaos.run import Outcome, expected_quarantines
from tests.chaos.scenarios import FAULTS, Scenario, all_scenarios, short_scenarios
from tests.chaos.steps import STEPS, WHENS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="two of each kind")
    parser.add_argument("--only", help="scenarios whose name contains this")
    parser.add_argument("--safeguards", action="store_true", help="each one off: must go red")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.safeguards:
        return _safeguards(options.jobs)
    scenarios = (short_scenarios if options.short else all_scenarios)(options.seed)
    if options.only:
        scenarios = [scenario for scenario in scenarios if options.only in scenario.name]
    outcomes = list(_all(scenarios, options.jobs))
    if not options.short and not options.only:
        _matrix(outcomes)
    return _verdict(outcomes)


def _all(scenarios: list[Scenario], jobs: int) -> Iterable[Outcome]:
    """Each scenario in a process forked from this one, which has no threads."""
    context = multiprocessing.get_context("fork")
    began = time.monotonic()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        for number, outcome in enumerate(pool.imap_unordered(runner.run, scenarios), start=1):
            word = "ok " if outcome.is_good else "RED"
            missed = "" if outcome.struck else " (the blow never fell)"
            print(
                f"{time.monotonic() - began:6.0f}s {number:3d} {word} {outcome.scenario.name}{missed}"
            )
            if not outcome.is_good:
                print(f"      {outcome.verdict}\n{outcome.trouble or ''}")
            sys.stdout.flush()
            yield outcome


def _matrix(outcomes: list[Outcome]) -> None:
    """How often each step was struck, and each fault met."""
    struck = Counter(
        (outcome.scenario.blow.step, outcome.scenario.blow.when)
        for outcome in outcomes
        if outcome.scenario.blow and outcome.struck
    )
    print(f"\n{'step':24s}" + "".join(f"{when:>8s}" for when in WHENS))
    for step in STEPS:
        print(f"{step:24s}" + "".join(f"{struck[step, when]:8d}" for when in WHENS))
    met = Counter(outcome.scenario.fault for outcome in outcomes)
    print("\n" + "\n".join(f"{fault:36s}{met[fault]:4d}" for fault in FAULTS))


def _verdict(outcomes: list[Outcome]) -> int:
    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
    unexpected = [
        outcome
        for outcome in outcomes
        if bool(outcome.quarantined) > expected_quarantines(outcome.scenario)
    ]
    for outcome in unexpected:
        print(f"quarantined without a reason: {outcome.scenario.name}")
    print(
        f"chaos: scenarios={len(outcomes)}"
        f" lost={sum(v.lost for v in verdicts)}"
        f" paid_twice={sum(v.paid_twice for v in verdicts)}"
        f" misplaced={sum(v.misplaced for v in verdicts)}"
        f" unconfirmed={sum(v.unconfirmed > 0 for v in verdicts)}"
        f" quarantined={sum(outcome.quarantined > 0 for outcome in outcomes)}"
    )
    return int(bool(unexpected) or not all(outcome.is_good for outcome in outcomes))


def _safeguards(jobs: int) -> int:
    """Each safeguard off, in the scenario it is for: the harness must see it."""
    outcomes = list(_all(red_scenarios(), jobs))
    blind = [outcome.scenario.name for outcome in outcomes if outcome.is_good]
    for name in blind:
        print(f"not seen: {name}")
    print(f"safeguards: off={len(outcomes)} seen={len(outcomes) - len(blind)}")
    return int(bool(blind))


if __name__ == "__main__":
    sys.exit(main())
