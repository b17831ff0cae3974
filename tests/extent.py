"""How much of the suite a run is: all of it with `--full`, else a seeded sample of what is dear.

Marks say what a short run does with a test: `sample(n)` takes n of its cases, `long` leaves it out.
What is named on the command line, by `::` or by `-k`, is run in all its cases.
"""

import random
from collections import defaultdict
from collections.abc import Iterable

import pytest


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("extent")
    group.addoption("--full", action="store_true", help="every case of every test, also long ones")
    group.addoption("--sample-seed", type=int, default=1, help="draws the cases of a short run")


def thin(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in place, the cases that a short run does not take."""
    if config.getoption("full") or _is_asked_by_name(config):
        return
    left_out = _left_out(items, config.getoption("sample_seed"))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def put_dear_first(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, in place: at the end the other processes would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("dear") is None)


def _is_asked_by_name(config: pytest.Config) -> bool:
    return bool(config.getoption("keyword")) or any("::" in name for name in config.args)


def _left_out(items: Iterable[pytest.Item], seed: int) -> set[str]:
    """Ids of the cases that are not drawn; each test has a draw of its own."""
    cases: dict[tuple[str, int], list[str]] = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("sample"):
            cases[item.nodeid.partition("[")[0], mark.args[0]].append(item.nodeid)
    return {
        case
        for (test, taken), found in cases.items()
        for case in random.Random(f"{seed}:{test}").sample(found, max(0, len(found) - taken))
    }
