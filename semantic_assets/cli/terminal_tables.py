"""Reports as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

from semantic_assets.cli.cells import add_row, table, worded
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.wording import counted, span_told

if TYPE_CHECKING:  # a table of one report needs none of the others
    import pyarrow as pa

    from semantic_assets.pipeline.costs.estimate import Estimate
    from semantic_assets.pipeline.costs.script_quotes import ScriptQuote
    from semantic_assets.pipeline.costs.services.capacity import Capacity
    from semantic_assets.pipeline.costs.services.comparison import ServiceQuote
    from semantic_assets.pipeline.reports.bill import Bill
    from semantic_assets.pipeline.reports.status import Status
    from semantic_assets.pipeline.reports.window_use import WindowUse

_CHART_ROWS, _BLOCKS = 8, " ▁▂▃▄▅▆▇█"
_LEAST_USD = 0.0001
_MOST_COLUMNS = 6
_MONTH_TO_MINUTE = slice(5, 16)
_SHOWN_APART = ("articles", "tier", "breaks", "services")
_UNPRICED = "price of the Agent Platform: not known, quotes and caps take the Developer API's"


def status_table(found: Status) -> Table:
    made = table("what", "value", title="status")
    texts = {"out": found.texts_out, "wait to be sent": found.bill.pending_texts}
    texts |= {"held": found.texts_held} if found.texts_held else {}
    rows = {
        "datasets": f"{found.datasets:,}",
        "shards": f"{found.shards:,}, {found.settled_shards:,} settled",
        "files": found.files.told,
        "documents": f"{found.documents:,}, {found.documents_waiting:,} wait to be chunked, "
        f"{found.documents_failed:,} could not be read",
        "chunks": f"{found.chunks:,}, {found.chunks_failed:,} FAILED",
        "answers of tasks": f"{found.answers_to_come:,} to come, {found.answers_failed:,} FAILED",
        "texts": ", ".join(f"{count:,} {what}" for what, count in texts.items()),
        "batch jobs": found.jobs_told,
        "expected finish": _finish(found),
        **({"the other service": found.other_service} if found.other_service else {}),
        "paused": found.paused or "no",
        **({"backend": found.foreign_vectors} if found.foreign_vectors else {}),
        "quarantined jobs": found.quarantined_jobs,
        "damaged jobs": found.damaged_jobs,
    }
    for name, value in rows.items():
        add_row(made, name, str(value))
    return made


def _finish(found: Status) -> str:
    if found.finish_told is not None:
        return found.finish_told
    is_busy = found.open_jobs or found.bill.pending_texts
    return "not known before the first job has ended" if is_busy else "nothing is out"


def bill_table(bill: Bill) -> Table:
    free = " (emulator: nothing was charged)" if bill.is_free else ""
    made = table("what", "value", title=f"the bill{free}")
    add_row(made, "model", ", ".join(bill.models))
    add_row(made, "chunks", f"{bill.chunks:,} ({bill.shared_chunks:,} share a text, sent once)")
    add_row(made, "tokens, as counted by the API", f"{bill.tokens:,}")
    add_row(made, "batch price", _usd(bill.batch_usd))
    add_row(made, "real-time price of the same", _usd(bill.realtime_usd))
    add_row(made, "canaries and other real-time calls", _usd(bill.canary_usd))
    add_row(made, "committed, jobs still out", _usd(bill.committed_usd))
    add_row(made, "possibly billed for nothing", _usd(bill.possibly_billed_usd))
    if bill.other_usd:
        add_row(made, "other tools on this key", _usd(bill.other_usd))
    add_row(
        made,
        "waiting to be sent",
        f"{counted(bill.pending_texts, 'text')}, ~{counted(bill.pending_tokens_estimated, 'token')}, "
        f"~${bill.pending_batch_usd:.4f}",
    )
    return made


def estimate_tables(quote: Estimate, *, services: bool = False) -> list[Table]:
    """Return tables of the quote, its tokens by script, the cost of the tasks, and both services.

    These are shown if asked for, or where they matter: a small quote, or an emulator's, is short.
    """
    from semantic_assets.pipeline.costs.services.comparison import is_worth_showing

    free = " (emulator: nothing is charged)" if quote.is_free else ""
    made = table("what", "value", title=f"estimate{free}")
    add_row(made, "texts to send", f"{quote.texts:,}")
    if quote.unread_files:
        add_row(
            made,
            "files not read yet",
            f"{quote.unread_files:,}, ~{quote.unread_bytes:,} bytes of text",
        )
    if quote.left_out_chars:
        add_row(made, "left out around contents", f"{counted(quote.left_out_chars, 'letter')}")
    add_row(made, "tokens", _band(quote.tokens, quote.tokens_low, quote.tokens_high, ",.0f"))
    add_row(made, "batch, with canaries", "$" + _band(quote.usd, quote.usd_low, quote.usd_high))
    cheaper = ": `--mode sync` is cheaper here" if 0 < quote.realtime_usd < quote.usd else ""
    add_row(made, "real-time price of the same", f"{_usd(quote.realtime_usd)}{cheaper}")
    is_queued = quote.services[1].is_used
    fills = "none: the Agent Platform has no window" if is_queued else f"{quote.window_fills:,}"
    add_row(made, "fills of the window", fills)
    add_row(made, "expected finish", _quoted_finish(quote))
    if quote.other_service:
        add_row(made, "the other service", quote.other_service)
    if quote.count_requests:
        add_row(made, "requests to count tokens", f"{quote.count_requests:,}, free of charge")
    for offer in quote.offers:
        add_row(
            made,
            "scans and pictures not read",
            f"{offer.requests:,}: `transcribe = true` in dataset.toml reads them for about "
            f"{_usd(offer.usd)}",
        )
    if quote.files:
        add_row(made, "files", quote.files)
    for line in quote.left_out:
        add_row(made, "left out", line)
    for line in quote.warnings:
        add_row(made, "soon", line)
    is_large = not quote.is_free and is_worth_showing(quote.services)
    return [
        made,
        *([_scripts_table(quote)] if quote.by_script else []),
        *([_tasks_table(quote)] if quote.generations else []),
        *([services_table({"": quote.services})] if services or is_large else []),
    ]


def _scripts_table(quote: Estimate) -> Table:
    scripts = table("script", "model", "tokens", "calibrated from")
    for part in quote.by_script:
        tokens = _band(part.tokens, part.tokens_low, part.tokens_high, ",.0f")
        add_row(scripts, part.script, part.model, tokens, _calibration(part))
    return scripts


def _tasks_table(quote: Estimate) -> Table:
    tasks = table("task", "model", "requests", "tokens in", "out", "batch")
    for task in quote.generations:
        usd = "$" + _band(task.usd, task.usd_low, task.usd_high)
        counts = (f"{n:,}" for n in (task.requests, task.tokens, task.output_tokens))
        add_row(tasks, task.task, task.model, *counts, usd)
    return tasks


def services_table(found: Mapping[str, Sequence[ServiceQuote]]) -> Table:
    """Return both services of Google side by side; what they are for, where that is more than one."""
    first = ("articles",) if len(found) > 1 else ()
    made = table(*first, "service", "price", "jobs", "days", "breaks first", title=_UNPRICED)
    for name, quotes in found.items():
        for one in quotes:
            price = "unknown" if one.usd is None else _usd(one.usd)
            row = (one.title, price, f"{one.jobs:,}", one.days_told, one.breaks_first)
            add_row(made, *((name,) if first else ()), *row)
    return made


def _calibration(part: ScriptQuote) -> str:
    if not part.calibrated_from:
        return "not calibrated"
    texts = counted(part.calibrated_from, "text")
    source = f"{part.counted:,} counted now" if part.counted else texts
    low, high = part.ratio * (1 - part.band), part.ratio * (1 + part.band)
    return f"{source}: x {_band(part.ratio, low, high, '.3f')}"


def _quoted_finish(quote: Estimate) -> str:
    if not quote.window_fills:
        return "nothing is to be sent"
    pace, fills = quote.pace, quote.window_fills
    if pace is None or pace.seconds_high is None:
        return "not known before the first job has ended"
    if pace.seconds_low is None:
        return f"within {span_told(pace.seconds_high * fills)}: {pace.basis}"
    span = span_told(pace.seconds_low * fills, pace.seconds_high * fills)
    return f"in {span}{', at the pace of the emulator' if quote.is_free else ''}, {pace.basis}"


def _usd(dollars: float) -> str:
    return "under $0.0001" if 0 < dollars < _LEAST_USD else f"${dollars:,.4f}"


def _band(value: float, low: float, high: float, form: str = ",.4f") -> str:
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def rows_table(rows: pa.Table) -> Table:
    if not rows.num_rows and len(rows.column_names) > _MOST_COLUMNS:
        return table("nothing found")
    made = table(*rows.column_names)
    for row in rows.to_pylist():
        add_row(made, *row.values())
    return made


def jobs_table(rows: pa.Table) -> Table:
    """Return what a person asks of jobs; `--json` has the rest."""
    made = table("job_id", "stage", "texts", "created", "what happened")
    for row in rows.to_pylist():
        texts = f"{row['requests']:,}" + (f", {row['failed']:,} failed" if row["failed"] else "")
        told = ": ".join(filter(None, (row.get("outcome"), row["error_message"]))) or row["state"]
        # Of it nothing was created: its texts wait, or went with another.
        stage = "NOT SENT" if row["state"] == JobState.RELEASED else row["stage"]
        add_row(made, row["job_id"], stage, texts, row["created"][_MONTH_TO_MINUTE], told)
    return made


def dataclass_table(found: list[Any]) -> Table:
    """Return a table of a row per item and a column per field; a single wide item is transposed."""
    if not found:
        return table("nothing found")
    if len(found) == 1 and len(fields(found[0])) > _MOST_COLUMNS:
        made = table("what", "value")
        for field in fields(found[0]):
            add_row(made, field.name, _cell(field.name, getattr(found[0], field.name)))
        return made
    made = table(*(field.name for field in fields(found[0])))
    for item in found:
        add_row(made, *(_cell(field.name, getattr(item, field.name)) for field in fields(item)))
    return made


def _cell(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(str(item) for item in value)
    if isinstance(value, float):
        is_time = name.endswith("_at")
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M}" if is_time else f"{value:.4f}"
    return worded(value)


def window_chart(use: WindowUse) -> Table:
    """Draw a column for each span of time, in steps of an eighth of a row."""
    made = table(
        title=f"{use.model}: enqueued tokens, limit {use.limit_tokens:,}, mean {use.mean_share:.0%}",
        show_header=False,
        box=None,
    )
    for row in reversed(range(_CHART_ROWS)):
        cells = (use_ / use.limit_tokens * _CHART_ROWS - row for use_ in use.tokens)
        line = "".join(_BLOCKS[max(0, min(8, round(cell * 8)))] for cell in cells)
        add_row(made, f"{(row + 1) / _CHART_ROWS:4.0%}", line)
    return made


def capacity_tables(found: list[Capacity]) -> list[Table]:
    """Return tables of the sizes, of both services of Google, and of the limits, most pressing first."""
    from semantic_assets.pipeline.costs.services.comparison import Limit

    title = f"a first embedding at tier {found[0].tier}, and a day of it later"
    made = table("what", *(f"{one.articles:,} articles" for one in found), title=title)
    for name in (one.name for one in fields(found[0]) if one.name not in _SHOWN_APART):
        cells = (getattr(one, name) for one in found)
        add_row(
            made,
            name.replace("_", " "),
            *(f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" for cell in cells),
        )
    breaking = table("articles", "breaks", "reached", "remedy", title="what breaks, and first")
    for one in found:
        for limit in one.breaks or (Limit(one.breaks_first, 0, ""),):
            times = f"{limit.reached:,.1f} x" if limit.reached else ""
            add_row(breaking, f"{one.articles:,}", limit.what, times, limit.remedy)
    return [made, services_table({f"{one.articles:,}": one.services for one in found}), breaking]
