"""Rows of the results file and their table."""

import json
import os
import platform
from dataclasses import asdict, dataclass
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

    @property
    def ratio(self) -> float | None:
        return None if not self.reference else self.ours / self.reference


def write_results(measured: list[Row]) -> str:
    """Put these rows in results.json, in the place of older ones of their name; and RESULTS.md."""
    file = RESULTS / "results.json"
    old = json.loads(file.read_text()) if file.is_file() else []
    known = {item["name"]: Row(**{k: v for k, v in item.items() if k != "ratio"}) for item in old}
    rows = list((known | {row.name: row for row in measured}).values())
    plain = [{**asdict(row), "ratio": row.ratio} for row in rows]
    file.write_text(json.dumps(plain, indent=2) + "\n")
    packages = ("duckdb", "pyarrow", "numpy", "google-genai", "dagster")
    head = (
        "# Results of `make bench`\n\n"
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + ". CPU seconds are of our process; the emulator runs in another.\n\n"
    )
    (RESULTS / "RESULTS.md").write_text(head + table(rows))
    return head + table(rows)


def table(rows: list[Row]) -> str:
    lines = ["| what | ours | reference | unit | ratio |", "|---|--:|--:|---|--:|"]
    for row in rows:
        reference = "" if row.reference is None else f"{row.reference:,.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.name} | {row.ours:,.4g} | {reference} | {row.unit} | {ratio} |")
    return "\n".join(lines) + "\n"
