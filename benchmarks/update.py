"""An update of 12,000 articles: 597 more, 1 % with a paragraph inserted, 1 % deleted.

What is sent must be the hashes that are new, and the cost must follow the change.
"""

import random
import shutil
from pathlib import Path

import httpx2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import Bench, scratch
from benchmarks.rows import Row
from semantic_assets.lake import layout
from semantic_assets.pipeline.flows.refresh import RefreshReport, refresh

_SHARE = 0.01
_LONG_CHUNKS = 20
_TARGET = 0.15
_INSERTED = (
    "This paragraph was put in by a later hand, about number {number}: the value was measured "
    "again in winter, with another gauge, and was found to differ by a little from the first."
)


def measure(corpora: Path, emulator_url: str) -> list[Row]:
    folder = corpora / "manuals.parquet"
    with scratch("update", {}, emulator_url) as bench:
        target = bench.store.settings.sources / "bench" / "manuals"
        target.mkdir(parents=True)
        shutil.copy(folder, target / "manuals.parquet")
        first = _refresh(bench)
        before = _chunks(bench)
        edited = _edit(target / "manuals.parquet")
        shutil.copy(corpora / "manuals_later.parquet", target / "manuals_later.parquet")
        sent_before = _requests(emulator_url)
        second = _refresh(bench)
        after = _chunks(bench)
        sent = _requests(emulator_url) - sent_before
        noop = _refresh(bench)
    new = set(after["text_hash"].to_pylist()) - set(before["text_hash"].to_pylist())
    return [
        Row("update of 12,000: requests sent, against new hashes", sent, len(new), "texts"),
        Row("update of 12,000: CPU, against the first refresh", _cpu(second), _cpu(first), "CPU s"),
        Row("update of 12,000: target for that ratio", _TARGET, None, "ratio"),
        *(
            Row(f"update of 12,000: {stage}", seconds, first.stopwatch.cpu_seconds[stage], "CPU s")
            for stage, seconds in second.stopwatch.cpu_seconds.items()
        ),
        Row("update of 12,000: no-op refresh after it", _cpu(noop), 1.5, "CPU s"),
        Row(
            f"one paragraph inserted, documents of {_LONG_CHUNKS} chunks and more: sent again",
            _resent(before, after, edited),
            2.5,
            "chunks",
        ),
    ]


def _refresh(bench: Bench) -> RefreshReport:
    return refresh(bench.store, bench.gemini, wait_minutes=30)


def _cpu(report: RefreshReport) -> float:
    return sum(report.stopwatch.cpu_seconds.values())


def _chunks(bench: Bench) -> pa.Table:
    columns = ["document_id", "text_hash"]
    return pa.concat_tables(
        bench.store.lake.read(layout.chunks(shard.key), columns)
        for shard in bench.store.ledger.sources.shards()
    )


def _requests(url: str) -> int:
    jobs = httpx2.get(f"{url}/emulator/state", timeout=120).json()["jobs"]
    return sum(job["requestCount"] for job in jobs)


def _edit(path: Path) -> int:
    """Insert a paragraph into 1 % of the articles, at the start, in the middle or at the end."""
    table = pq.read_table(path)
    rng = random.Random(11)
    count = round(table.num_rows * _SHARE)
    chosen = rng.sample(range(table.num_rows), 2 * count)
    texts = table["text"].to_pylist()
    for number, row in enumerate(chosen[:count]):
        paragraphs = texts[row].split("\n\n")
        place = (0, len(paragraphs) // 2, len(paragraphs))[number % 3]
        paragraphs.insert(place, _INSERTED.format(number=number))
        texts[row] = "\n\n".join(paragraphs)
    column = pa.array(texts, table.schema.field("text").type)
    table = table.set_column(table.schema.get_field_index("text"), "text", column)
    kept = np.ones(table.num_rows, dtype=bool)
    kept[chosen[count:]] = False
    pq.write_table(table.filter(pa.array(kept)), path)
    return count


def _resent(before: pa.Table, after: pa.Table, edited: int) -> float:
    """Mean of new chunks in the long documents that were there before and changed."""
    old, new = _by_document(before), _by_document(after)
    known = {key for keys in old.values() for key in keys}
    changed = [
        sum(key not in known for key in keys)
        for document, keys in new.items()
        if document in old and len(old[document]) >= _LONG_CHUNKS and keys != old[document]
    ]
    assert len(changed) <= edited
    return float(np.mean(changed)) if changed else 0.0


def _by_document(chunks: pa.Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for document, key in zip(
        *(chunks[name].to_pylist() for name in chunks.column_names), strict=True
    ):
        found.setdefault(document, []).append(key)
    return found
