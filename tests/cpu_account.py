"""Where the suite's processor time goes: `make test ARGS="-p tests.cpu_account"`.

CPU seconds of each module, of its own process and of children that were waited for. Unlike the
seconds of `--durations` they mean the same beside other work.
"""

import resource
import time
from collections import Counter
from collections.abc import Iterator

import pytest

_SHOWN = 40


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.stash[_BEGAN] = _cpu_seconds()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    now = _cpu_seconds()
    report.user_properties = [("cpu", now - item.stash[_BEGAN])]
    item.stash[_BEGAN] = now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "cpu":
                    seconds[report.nodeid.partition("::")[0]] += value
    terminalreporter.section("CPU seconds")
    for module, spent in seconds.most_common(_SHOWN):
        terminalreporter.write_line(f"{spent:8.1f}  {module}")
    terminalreporter.write_line(f"{seconds.total():8.1f}  in all")


_BEGAN = pytest.StashKey[float]()
