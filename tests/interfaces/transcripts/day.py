"""A person's day at a terminal of 80 columns: real commands, a real emulator, what is printed.

What differs from run to run is written with other characters of the same width, so that tables
keep their lines: the folder, ids, times.
"""

import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.factories import BLANK
from tests.interfaces.transcripts.screen import COLUMNS, seen
from tests.interfaces.warm_command import warm_command
from tests.thrift import one_authority

_PATIENCE_SECONDS = 60.0
#: As wide as a folder of `TemporaryDirectory(prefix="day-", dir="/tmp")`.
HOME = "/home/ana/library"
#: (what differs, what stands for it). A time keeps its width; so does an id.
_VARYING = (
    (re.compile(r"\b20\d\d-\d\d-\d\d( |T)\d\d:\d\d:\d\d"), r"2026-03-02\g<1>09:00:00"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2026-03-02"),
    (re.compile(r"\b0[0-9a-f]{19}\b"), "01a0c0ffee00c0ffee00"),
    (re.compile(r"\bbatches/[0-9a-z]{36}\b"), f"batches/{'0' * 36}"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d{4,5}\b"), "8100"),
)


class Day:
    """One section of the page, as it is played."""

    def __init__(self, home: Path, binaries: Path) -> None:
        self.home = home
        self.environ = {
            "PATH": f"{binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "TERM": "xterm",
            "COLUMNS": str(COLUMNS),
            "PYTHONWARNINGS": "ignore",
            **one_authority(),
            **BLANK,
            "SEMANTIC_ASSETS_ROOT": str(home / "data/lake"),
            "SEMANTIC_ASSETS_SOURCES": str(home / "data/sources"),
            "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0.2",
        }
        self.page: list[str] = []

    def tells(self, prose: str) -> None:
        """Add a paragraph."""
        self.page += [prose, ""]

    def has(self, path: str, text: str) -> None:
        """Put a file below the folder; the page does not show it."""
        (self.home / path).parent.mkdir(parents=True, exist_ok=True)
        (self.home / path).write_text(text)

    def run_unseen(self, line: str) -> None:
        """Run a line that the page does not show; it must end well."""
        printed, ended = self._run(line, ())
        assert ended == 0, printed

    def types(self, *lines: str, code: int = 0, answers: Sequence[str] = ()) -> str:
        """Type lines one after the other; return what the last one printed.

        Args:
            code: how the last one ends; it is shown if it is not 0.
            answers: what is typed when a question is asked.
        """
        shown = ["```console"]
        for number, line in enumerate(lines, start=1):
            printed, ended = self._run(line, answers)
            wanted = code if number == len(lines) else 0
            assert ended == wanted, f"{line}: exit code {ended}\n{printed}"
            said = seen(self._settled(printed))  # before a line is wrapped in the middle of a name
            while said and not said[-1]:
                said.pop()
            shown += [f"$ {line}", *said, *([f"(exit code {ended})"] if ended else [])]
        self.page += [*shown, "```", ""]
        return "\n".join(said)

    def _settled(self, printed: str) -> str:
        printed = printed.replace(str(self.home), HOME)
        assert self.home.name not in printed, f"a table folds the folder: {printed}"
        for varying, stand_in in _VARYING:
            printed = varying.sub(stand_in, printed)
        return printed

    def _run(self, line: str, answers: Sequence[str]) -> tuple[str, int]:
        """Run a line of the shell on a terminal of its own."""
        ours, theirs = pty.openpty()
        size = f"stty cols {COLUMNS} rows 40; "
        process = subprocess.Popen(
            ["sh", "-c", size + line],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.home,
            env=self.environ,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            os.write(ours, "".join(f"{one}\n" for one in answers).encode())
            printed = b"".join(_read(ours, process))
            return printed.decode(errors="replace"), process.wait()
        finally:
            os.close(ours)


def _read(terminal: int, process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        try:
            if ready and (found := os.read(terminal, 1 << 16)):
                yield found
                continue
        except OSError:  # nobody has the other end open
            return
        if not ready and process.poll() is not None:
            return
    process.kill()
    raise AssertionError(
        f"no end after {_PATIENCE_SECONDS} s: {shlex.join(map(str, process.args))}"
    )


@contextmanager
def opened_day() -> Iterator[Day]:
    """A day in a folder of its own, whose name has always the same length."""
    with (
        TemporaryDirectory(prefix="day-", dir="/tmp") as home,
        TemporaryDirectory(prefix="bin-") as binaries,
        warm_command(Path(binaries)),
    ):
        yield Day(Path(home), Path(binaries))
