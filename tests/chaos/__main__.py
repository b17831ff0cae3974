"""python -m tests.chaos [--seed N] [--short] [--only TEXT] [--jobs N]; --safeguards [--sample N]"""

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Container, Iterable
from contextlib import nullcontext

from semantic_assets.emulator.faults.fault_table import FAULTS
from tests import thrift
from tests.chaos import run as runner
from tests.chaos.dimensions import in_full
from tests.chaos.faults import unlisted
from tests.chaos.kinds import all_scenarios, away_from_here, short_scenarios
from tests.chaos.outside.everything import outside
from tests.chaos.platform.fitted import LEFT_OUT, STOOD_FOR, fitted
from tests.chaos.platform.scenarios import OF_PLATFORM
from tests.chaos.run import Outcome
from tests.chaos.safeguard_cases import controls, red_scenarios
from tests.chaos.scenarios import End, Scenario
from tests.chaos.servers import servers
from tests.chaos.steps import GENERATION, USUAL, WHENS
from tests.chaos.world import go_through_platform


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--short", action="store_true", help="two of each kind; far or through the platform, one"
    )
    parser.add_argument("--only", help="scenarios whose name contains this")
    parser.add_argument("--outside", action="store_true", help="only other lives, clocks and kinds")
    parser.add_argument("--safeguards", action="store_true", help="each one off: must go red")
    parser.add_argument("--sample", type=int, help="only so many, drawn by the seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--far", action="store_true", help="lake in a bucket, ledger in Postgres")
    parser.add_argument("--platform", action="store_true", help="jobs by the Agent Platform")
    options = parser.parse_args()
    if options.platform:
        go_through_platform()
    thrift.trust_one_authority()
    thrift.collect_garbage_rarely()  # also in all that is forked from here
    with servers() if options.far else nullcontext():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    everything = _everything(options.seed)
    if missing := unlisted(everything, through_platform=options.platform):
        raise SystemExit(f"faults of the emulator that are in no scenario: {sorted(missing)}")
    if options.safeguards:
        return _safeguards(options)
    scenarios = everything
    if options.short:
        scenarios = short_scenarios(options.seed, far=options.far)
    if options.outside:
        scenarios = [*in_full(), *outside()]
    scenarios = [scenario for scenario in scenarios if (options.only or "") in scenario.name]
    if options.far:
        scenarios = away_from_here(scenarios)
    if options.platform:
        scenarios = _of_platform(scenarios)
    if options.sample is not None:
        scenarios = _drawn(scenarios, options)
    outcomes = list(_all(scenarios, options.jobs))
    is_full = not (options.short or options.only or options.outside or options.sample)
    foreign = {*LEFT_OUT, *STOOD_FOR} if options.platform else OF_PLATFORM
    silent = _matrix(outcomes, foreign) if is_full else []
    return _verdict(outcomes) or int(bool(silent))


def _everything(seed: int) -> list[Scenario]:
    """Also what the safeguards are tried on, with all of them on."""
    found = all_scenarios(seed)
    names = {scenario.name for scenario in found}
    return [*found, *(tried for tried in controls(red_scenarios()) if tried.name not in names)]


def _drawn(scenarios: list[Scenario], options: argparse.Namespace) -> list[Scenario]:
    return random.Random(options.seed).sample(scenarios, min(options.sample, len(scenarios)))


def _of_platform(scenarios: list[Scenario]) -> list[Scenario]:
    """Those that make sense through the Agent Platform; the others are told with the reason."""
    kept, left_out = fitted(scenarios)
    for reason, count in left_out.items():
        print(f"left out: {count}: {reason}")
    return kept


def _all(scenarios: list[Scenario], jobs: int) -> Iterable[Outcome]:
    """Each scenario in a process forked from this one, which has no threads."""
    context = multiprocessing.get_context("fork")
    began = time.monotonic()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        for number, outcome in enumerate(pool.imap_unordered(runner.run, scenarios), start=1):
            word = "ok " if outcome.is_good else "RED"
            missed = "" if outcome.struck else " (the blow never fell)"
            seconds = time.monotonic() - began
            print(f"{seconds:6.0f}s {number:3d} {word} {outcome.scenario.name}{missed}")
            if outcome.wrong:
                print(f"      wrong: {', '.join(sorted(outcome.wrong))}")
            if outcome.wrong and outcome.scenario.sees not in outcome.wrong:
                print(f"      {outcome.course}\n      {outcome.verdict}\n{outcome.trouble or ''}")
            sys.stdout.flush()
            yield outcome


def _matrix(outcomes: list[Outcome], foreign: Container[str]) -> list[str]:
    """How often each step was struck, and each fault fired. The faults that never did.

    `foreign` are those that the other service has.
    """
    struck = Counter(
        (outcome.scenario.blow.step, outcome.scenario.blow.when)
        for outcome in outcomes
        if outcome.scenario.blow and outcome.struck
    )
    print(f"\n{'step':24s}" + "".join(f"{when:>8s}" for when in WHENS))
    for step in [*USUAL, *GENERATION]:
        print(f"{step:24s}" + "".join(f"{struck[step, when]:8d}" for when in WHENS))
    fired = sum((outcome.fired for outcome in outcomes), Counter[str]())
    print("\n" + "\n".join(f"{fault:36s}{fired[fault]:4d}" for fault in FAULTS))
    silent = [fault for fault in FAULTS if not fired[fault] and fault not in foreign]
    for fault in silent:
        print(f"armed, and never fired: {fault}")
    return silent


def _verdict(outcomes: list[Outcome]) -> int:
    apart = [outcome for outcome in outcomes if outcome.scenario.apart]
    counted = [outcome for outcome in outcomes if not outcome.scenario.apart]
    for outcome in apart:
        if outcome.verdict:
            print(
                f"apart: {outcome.scenario.name}: paid_twice={outcome.verdict.paid_twice}"
                f" lost={outcome.verdict.lost} misplaced={outcome.verdict.misplaced}"
                f" unbilled={outcome.verdict.unbilled}"
            )
    verdicts = [outcome.verdict for outcome in counted if outcome.verdict]
    print("observed: " + _endings(o.course.end for o in counted if o.course))
    print("declared: " + _endings(outcome.scenario.ends for outcome in counted))
    ended = Counter(outcome.course.end for outcome in counted if outcome.course)
    print(
        f"chaos: scenarios={len(counted)}"
        f" lost={sum(v.lost for v in verdicts)}"
        f" paid_twice={sum(v.paid_twice for v in verdicts)}"
        f" misplaced={sum(v.misplaced for v in verdicts)}"
        f" unbilled={sum(v.unbilled + v.unbilled_calls for v in verdicts)}"
        f" over_cap={sum(v.over_cap for v in verdicts)}"
        f" apart={len(apart)}"
        f" unconfirmed={ended[End.UNCONFIRMED]}"
        f" quarantined={ended[End.QUARANTINED]}"
    )
    return int(not all(outcome.is_good for outcome in outcomes))


def _endings(ends: Iterable[End]) -> str:
    """How many scenarios a person had to settle, by why."""
    count = Counter(ends)
    return " ".join(f"{end}={count[end]}" for end in End if end is not End.DONE)


def _safeguards(options: argparse.Namespace) -> int:
    """Each safeguard off, in the scenario it is for: what it prevents must be seen.

    The same scenarios with all of them on are part of the full form.
    """
    reds = [scenario for scenario in red_scenarios() if (options.only or "") in scenario.name]
    if options.sample is not None:
        reds = _drawn(reds, options)
    if options.platform:
        reds = _of_platform(reds)
    outcomes = list(_all(reds, options.jobs))
    blind = [outcome for outcome in outcomes if outcome.scenario.sees not in outcome.wrong]
    for outcome in blind:
        print(f"not seen: {outcome.scenario.name}")
    print(f"safeguards: off={len(outcomes)} seen={len(outcomes) - len(blind)}")
    return int(bool(blind))


if __name__ == "__main__":
    sys.exit(main())
