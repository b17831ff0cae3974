"""How much of the suite a run is: all of it with `--full`, else a seeded draw of what is dear.

Every test is run in every extent, but those marked `long`. What a short run draws are the cases of
a parametrized test, where a case is dear: where it opens a store or starts a server, of which it
takes CASES, and where it is marked `sample(n)`, of which it takes n. A table of values that one
function is asked for costs milliseconds, and is always run whole.

The seed stands unless it is given: two runs of one commit say the same, here and elsewhere, and
what turns red was changed. What is named on the command line, by a file, by `::` or by `-k`, is run
in all its cases, so a case that failed is repeated by its id alone.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

#: Of a test whose every case has a world of its own.
CASES = 4
#: Fixtures that open a store or start a server; a test has them also by way of others.
WORLDS = frozenset({"store", "emulator", "trial", "meaningful_trial", "platform", "far", "s3"})
_COUNTS = pytest.StashKey[tuple[int, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("extent")
    group.addoption("--full", action="store_true", help="every case of every test, also long ones")
    group.addoption("--sample-seed", type=int, default=1, help="draws the cases of a short run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in place, what a short run does not take; begin with what takes longest.

    At the end the other processes would wait for it.
    """
    if not config.getoption("full"):
        _skip_long(config, items)
        if not _is_asked_by_name(config):
            _draw(config, items)
    items.sort(key=lambda item: item.get_closest_marker("dear") is None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that prints what was drawn here; each worker draws the same."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told["drawn"] = session.config.stash.get(_COUNTS, (0, 0))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "object") -> None:
    config, told = node.config, getattr(node, "workeroutput", {})  # type: ignore[attr-defined]
    config.stash[_COUNTS] = tuple(told.get("drawn", config.stash.get(_COUNTS, (0, 0))))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    drawn, among = config.stash.get(_COUNTS, (0, 0))
    if drawn < among:
        seed = config.getoption("sample_seed")
        terminalreporter.write_line(
            f"{drawn:,} of {among:,} dear cases drawn, seed {seed} (--sample-seed); "
            "--full runs all, a file or a test that is named runs whole"
        )


def _skip_long(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "long" in str(config.getoption("markexpr")):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: pytest --full"))


def _is_asked_by_name(config: pytest.Config) -> bool:
    """Also when one of several arguments is a test or a file: no folder is drawn beside it."""
    named = (Path(config.invocation_params.dir, argument) for argument in config.args)
    return bool(config.getoption("keyword")) or not all(path.is_dir() for path in named)


def _draw(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take as many cases of each test as `_taken` says, by a draw of its own."""
    seed, among, left_out = config.getoption("sample_seed"), 0, set()
    for (test, taken), cases in _dear(items).items():
        among += len(cases)
        left = max(0, len(cases) - taken)
        left_out |= set(random.Random(f"{seed}:{test}").sample(cases, left))
    config.stash[_COUNTS] = among - len(left_out), among
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def _dear(items: Iterable[pytest.Item]) -> dict[tuple[str, int], list[str]]:
    """Return the cases of each test that is drawn from, and how many are to be taken."""
    cases: dict[tuple[str, int], list[str]] = defaultdict(list)
    for item in items:
        test, _, case = item.nodeid.partition("[")
        taken = _taken(item)
        if case and taken is not None and not item.get_closest_marker("long"):
            cases[test, taken].append(item.nodeid)
    return cases


def _taken(item: pytest.Item) -> int | None:
    """Of the cases of this test; None is all of them."""
    if mark := item.get_closest_marker("sample"):
        return int(mark.args[0])
    return CASES if WORLDS.intersection(getattr(item, "fixturenames", ())) else None
