"""Rows of the results file and their table."""

import json
import math
import os
import platform
import re
import statistics
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside what it is held against. `ratio` is ours / reference."""

    name: str
    ours: float
    reference: float | None
    unit: str
    #: Of the account, in ours and the emulator; None: what is measured asks no service.
    tier: int | None = None
    #: Of the ratio, or of `ours` if there is no reference.
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if not self.reference else self.ours / self.reference


def medians(runs: list[list[Row]]) -> list[Row]:
    """Return each row of several runs with the medians of its figures."""
    found: dict[tuple[str, int | None], list[Row]] = {}
    for row in (row for rows in runs for row in rows):
        found.setdefault((row.name, row.tier), []).append(row)
    return [_median(rows) for rows in found.values()]


def _median(rows: list[Row]) -> Row:
    references = [row.reference for row in rows if row.reference is not None]
    return replace(
        rows[0],
        ours=statistics.median(row.ours for row in rows),
        reference=statistics.median(references) if references else None,
    )


def write_results(measured: dict[str, list[Row]]) -> None:
    """Put the rows of these benchmarks in results.json, in place of their older ones; and RESULTS.md."""
    file = RESULTS / "results.json"
    old = json.loads(file.read_text()) if file.is_file() else {}
    plain = {name: [asdict(row) for row in rows] for name, rows in measured.items()}
    everything = old | plain
    file.write_text(json.dumps(everything, indent=1) + "\n")
    rows = [Row(**row) for of_one in everything.values() for row in of_one]
    (RESULTS / "RESULTS.md").write_text(_head() + table(rows))


def _head() -> str:
    packages = ("duckdb", "pyarrow", "numpy", "google-genai", "dagster")
    return (
        "# Results of `make bench`\n\n"
        f"{machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + ". CPU seconds are user and system time of our process and its children; the emulator runs "
        "in another. MB written are pages made dirty on the disk (`write_bytes` of /proc/self/io). A "
        "goal is of the ratio, or of ours where there is no reference. Tier 1 is the default of the "
        "product.\n\n"
    )


def machine() -> str:
    """Name the processor and its number of cores, and the memory."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"


def table(rows: list[Row]) -> str:
    """Return a Markdown table."""
    lines = [
        "| what | ours | reference | unit | ratio | goal | tier |",
        "|---|--:|--:|---|--:|--:|--:|",
    ]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        goal = "" if row.goal is None else f"{row.goal:g}"
        tier = "" if row.tier is None else str(row.tier)
        figures = f"{_number(row.ours)} | {_number(row.reference)} | {row.unit} | {ratio}"
        lines.append(f"| {row.name} | {figures} | {goal} | {tier} |")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:,.4g}"
