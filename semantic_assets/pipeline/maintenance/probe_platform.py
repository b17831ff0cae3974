"""What only a real account of the Agent Platform can settle: questions of a probe, each with a name.

Nothing waits for their answers. Google's pages and the SDK leave them open; docs/limits.md says
what the package assumes meanwhile.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from semantic_assets.batching.requests import embedding_lines
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import JobState, display_name
from semantic_assets.model.catalog import (
    AGENT_PLATFORM_BYTES,
    AGENT_PLATFORM_ROWS,
    batch_usd,
    realtime_usd,
)
from semantic_assets.pipeline.costs.paid_calls import paid_call
from semantic_assets.pipeline.costs.paid_jobs import PROBE, booked_as, day_guard, paid_job
from semantic_assets.pipeline.maintenance.findings import Findings, Unsettled
from semantic_assets.pipeline.maintenance.probe_jobs import ended, forgotten
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import text_hash
from semantic_assets.text.foreign import said as visible_text
from semantic_assets.text.tokens import estimate_tokens

_GOOD, _EMPTY = "The weir is opened in spring.", ""
#: Characters of what a row looks like that are kept.
_SHOWN = 300


def ask_for_the_name(findings: Findings, gemini: Gemini, name: str) -> None:
    """Ask for a job that was created a moment ago by its display name."""
    with findings.asking("filter_finds_the_name_at_once"):
        found = {job.display_name for job in gemini.batches.look_for([name]).jobs}
        assert name in found, f"displayName={name} found {len(found)} other jobs"


def ask_of_the_folder(findings: Findings, gemini: Gemini, name: str, remote: RemoteJob) -> None:
    """Look at how the output folder and its files are named, and at the counts of the job."""
    folder = str(remote.result_file).rstrip("/")
    with findings.asking("name_of_the_output_folder") as said:
        said.append(folder.rpartition(f"/{name}/")[2] or folder)
    with findings.asking("names_of_the_output_files") as said:
        files = [uri for uri, of in gemini.batches.list_files() if of == name]
        written = [uri.removeprefix(f"{folder}/") for uri in files if uri.startswith(f"{folder}/")]
        said.append(", ".join(written))
        assert any(one.endswith(".jsonl") for one in written), f"{written}: none is .jsonl"


def ask_of_the_rows(
    findings: Findings, remote: RemoteJob, content: bytes, asked: Iterable[str], dimensions: int
) -> None:
    """Look at the rows of the answers as they were written, before they are decoded."""
    rows = [row for line in content.splitlines() if line.strip() and (row := _row(line))]
    with findings.asking("output_dimensionality_is_honoured") as said:
        sizes = sorted({len(_values(row)) for row in rows})
        said.append(f"asked for {dimensions}, got {sizes}")
        assert sizes == [dimensions], said[0]
    with findings.asking("rows_have_token_counts") as said:
        members = sorted({path for row in rows for path in _members(row)})
        said.append(f"members of a row: {', '.join(members)}"[:_SHOWN])
        assert all(map(_tokens, rows)), said[0]
    with findings.asking("completion_stats_count_the_rows") as said:
        counts = f"{remote.succeeded} succeeded, {remote.failed or 0} failed, {len(rows)} rows"
        said.append(f"{counts}, error: {remote.error_message or 'none'}")
        is_told = remote.succeeded is not None and remote.error_message is None
        assert is_told, said[0]
        assert remote.succeeded == len(rows) == len({*asked}), said[0]


def _row(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _values(row: Mapping[str, Any]) -> list[Any]:
    try:
        found = row["response"]["embedding"]["values"]
    except (KeyError, TypeError):
        return []
    return found if isinstance(found, list) else []


def _tokens(row: Mapping[str, Any]) -> int:
    """Return the token count of a row, in either of the places where one was seen."""
    response = row.get("response")
    response = response if isinstance(response, dict) else {}
    usage = response.get("usageMetadata")
    usage = usage if isinstance(usage, dict) else {}
    count = response.get("tokenCount") or usage.get("promptTokenCount") or 0
    return int(count) if str(count).isdecimal() else 0


def _members(row: Mapping[str, Any], above: str = "") -> Iterable[str]:
    """Yield the paths of a row's members, but those of the request it repeats."""
    for name, value in row.items():
        if isinstance(value, dict) and name != "request":
            yield from _members(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def ask_for_a_failed_row(
    findings: Findings, store: Store, gemini: Gemini, sleep: Callable[[float], None]
) -> None:
    """Send a text that cannot be embedded beside one that can, and look at its row."""
    space, job_id = store.settings.space, store.ledger.job_ids.new()
    name = display_name(store.ledger.ledger_id, job_id)
    lines = [*embedding_lines(space, [(text_hash(text), text) for text in (_GOOD, _EMPTY)])]
    tokens = estimate_tokens(space.document_text(_GOOD))
    booked = f"{booked_as(store, PROBE)}+{job_id}+job"
    with (
        findings.asking("form_of_a_failed_row") as said,
        paid_job(store, booked, space.model, tokens) as job,
        forgotten(gemini, name) as left,
    ):
        left.input_file = gemini.batches.upload(lambda: lines, name=name, check=lambda: None)
        input_file = left.input_file
        left.remote_name = job.created(
            lambda: gemini.batches.create_embedding_job(
                model=space.model, input_file=input_file, display_name=name
            )
        )
        remote = ended(store, gemini, left.remote_name, sleep)
        left.result_file = remote.result_file
        assert remote.result_file, f"the whole job failed: {remote.state} {remote.error_message}"
        answers = io.BytesIO()
        gemini.batches.download(remote.result_file, answers.write, of=name)
        rows = [_row(line) for line in answers.getvalue().splitlines()]
        counts = [_tokens(row) for row in rows]
        if any(counts):
            job.counted(sum(counts))
        failed = [row for row in rows if not _values(row)]
        said.append(f"{len(rows)} rows of 2; failed: {_without_request(failed)}")
        assert len(rows) == 2, said[0]


def _without_request(rows: Iterable[Mapping[str, Any]]) -> str:
    kept = [{name: one for name, one in row.items() if name != "request"} for row in rows]
    return visible_text(orjson.dumps(kept).decode())[:_SHOWN]


def ask_for_several_contents(findings: Findings, store: Store, gemini: Gemini) -> None:
    """Send two contents in one real-time call: the package makes one call for each text."""
    space, texts = store.settings.space, (_GOOD, "It is shut in autumn.")
    tokens = sum(estimate_tokens(space.document_text(text)) for text in texts)
    with (
        findings.asking("several_contents_in_one_call") as said,
        paid_call(
            store,
            space.model,
            tokens,
            guard=day_guard(store, realtime_usd(space.model, tokens)),
            call_id=f"{booked_as(store, PROBE)}+{store.ledger.job_ids.new()}",
        ),
    ):
        count = gemini.embed_together(space, texts)
        said.append(f"{count} vectors for {len(texts)} texts of {space.model}")
        assert count == len(texts), said[0]


def name_what_stays_open(findings: Findings, store: Store, scope_id: str, tokens: int) -> None:
    """Name what no probe settles for under a cent, and what would."""
    with findings.asking("price_of_a_batch"):
        usd = batch_usd(store.settings.model, tokens)
        raise Unsettled(
            f"about {tokens} tokens were sent by batch, ${usd:.8f} by the Developer API's price: see the "
            "bill of the project, by SKU"
        )
    with findings.asking("limits_of_a_job"):
        jobs = store.ledger.jobs.list(states=[JobState.COLLECTED], scope_id=scope_id)
        rows = max((job.requests for job in jobs), default=0)
        raise Unsettled(
            f"the largest job that this ledger sent had {rows:,} rows; jobs of up to "
            f"{AGENT_PLATFORM_ROWS:,} rows and {AGENT_PLATFORM_BYTES:,} bytes are formed"
        )
