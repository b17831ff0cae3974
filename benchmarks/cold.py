"""Commands as a shell starts them: user and system time of the whole process, bytecode cached."""

import os
import shutil
import statistics
import sys
from pathlib import Path

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.rows import Row
from benchmarks.scale import Scale

_COMMAND = str(Path(sys.executable).with_name("semantic-assets"))
_QUESTION = "How often is the gauge read?"
_COMMANDS = {
    "--help": (["--help"], 0.3),
    "search": (["search", _QUESTION, "-k", "3"], 0.6),
    "status": (["status"], 0.4),
    "doctor": (["doctor"], 0.6),
}
_TIMES = 3


def measure(scale: Scale) -> list[Row]:
    folder = WORK / "cold"
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder / "sources" / "bench" / "notes")
    with running(folder / "served", tier=1) as url:
        embedded = _environ(folder, folder / "embedded", None)
        served = _environ(folder, folder / "served-lake", url)
        for environ in (embedded, served):
            _seconds(["refresh", "--yes"], environ)
        rows = [
            Row(f"cold {name}", _median(arguments, embedded), None, "CPU s", 1, goal)
            for name, (arguments, goal) in _COMMANDS.items()
        ]
        search, goal = _COMMANDS["search"]
        apart = _median(search, served)
        return [
            *rows,
            Row("cold search, emulator in another process", apart, None, "CPU s", 1, goal),
        ]


def _write(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, thing in enumerate(("gauge", "valve", "lamp")):
        text = f"# The {thing}\n\nThe {thing} is read every {number + 2} days, and oiled in spring."
        (folder / f"{thing}.md").write_text(text)


def _environ(folder: Path, lake: Path, url: str | None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "SEMANTIC_ASSETS_ROOT": str(lake),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_DIR": str(folder / "embedded-emulator"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0",
        "SEMANTIC_ASSETS_TIER": "1",
        **({"SEMANTIC_ASSETS_EMULATOR_URL": url} if url else {}),
    }


def _median(arguments: list[str], environ: dict[str, str]) -> float:
    _seconds(arguments, environ)  # writes its bytecode
    return statistics.median(_seconds(arguments, environ) for _ in range(_TIMES))


def _seconds(arguments: list[str], environ: dict[str, str]) -> float:
    """Run a command without output, and return its user and system time."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    child = os.posix_spawn(_COMMAND, [_COMMAND, *arguments], environ, file_actions=silent)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"{arguments} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime
