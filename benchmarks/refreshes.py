"""12,000 articles at each tier: the first refresh, nothing changed, 120 edited and 120 removed."""

import shutil
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa

from benchmarks.changes import edit_and_remove
from benchmarks.corpora import WORK, articles
from benchmarks.emulator import running
from benchmarks.ours import OurLake
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale
from semantic_assets.lake import layout
from semantic_assets.store import open_store

_STAGES = ("documents", "chunks", "batch_jobs", "embeddings", "vector_index")
_LONG_CHUNKS = 20
#: CPU seconds of a first refresh at tier 3, and by how much tier 1 may be dearer.
_FIRST_GOAL, _TIER_GOAL = 9.0, 1.5


def measure(scale: Scale) -> list[Row]:
    found = {tier: _at_tier(tier, scale) for tier in reversed(TIERS)}
    slow, fast = (_cpu_of(found[tier]) for tier in (1, 3))
    across = Row("first refresh: tier 1 against tier 3", slow, fast, "CPU s", goal=_TIER_GOAL)
    return [across, *(row for rows in found.values() for row in rows)]


def _cpu_of(rows: list[Row]) -> float:
    return next(row.ours for row in rows if row.name == "first refresh: total")


def _at_tier(tier: int, scale: Scale) -> list[Row]:
    folder = WORK / "refreshes"
    shutil.rmtree(folder, ignore_errors=True)
    path = articles(folder / "sources", scale.articles)
    with running(folder / "emulator", tier=tier) as url:
        lake = OurLake(folder, folder / "sources", url, tier)
        first, before = lake.refresh(), _chunks(lake)
        nothing = lake.refresh()
        count, sent = edit_and_remove(path), _sent(url)
        second, after = lake.refresh(), _chunks(lake)
        sent = _sent(url) - sent
        again = lake.refresh()
    new = set(after["text_hash"].to_pylist()) - set(before["text_hash"].to_pylist())
    changed = f"{count} edited and {count} removed of {scale.articles:,}"
    return [
        *_of_first(first, before.num_rows, tier),
        *_of_nothing("nothing changed", nothing, tier),
        *_of_change(changed, second, first, tier),
        Row(f"{changed}: requests sent, against new hashes", sent, len(new), "texts", tier=tier),
        Row(
            f"one paragraph inserted, documents of {_LONG_CHUNKS} chunks and more: sent again",
            _resent(before, after),
            2.5,
            "chunks",
            tier=tier,
        ),
        *_of_nothing("nothing changed after that", again, tier),
    ]


def _of_first(told: dict[str, Any], chunks: int, tier: int) -> list[Row]:
    cost, name = told["all"], "first refresh"
    goal = _FIRST_GOAL * (_TIER_GOAL if tier == 1 else 1)
    return [
        Row(f"{name}: total", cost["cpu_seconds"], None, "CPU s", tier=tier, goal=goal),
        *(Row(f"{name}: {one}", told.get(one, 0.0), None, "CPU s", tier=tier) for one in _STAGES),
        Row(f"{name}: wall", cost["wall_seconds"], None, "s", tier=tier),
        Row(f"{name}: peak memory", cost["peak_mb"], None, "MB", tier=tier, goal=450),
        Row(f"{name}: written", cost["written_mb"], None, "MB", tier=tier, goal=700),
        Row(f"{name}: chunks READY of all", told["stored"], chunks, "chunks", tier=tier),
    ]


def _of_nothing(name: str, told: dict[str, Any], tier: int) -> list[Row]:
    cost = told["all"]
    return [
        Row(f"{name}: CPU", cost["cpu_seconds"], None, "CPU s", tier=tier, goal=0.2),
        Row(f"{name}: written", cost["written_mb"], None, "MB", tier=tier, goal=0),
    ]


def _of_change(name: str, told: dict[str, Any], first: dict[str, Any], tier: int) -> list[Row]:
    cost, whole = told["all"], first["all"]
    seconds = (cost["cpu_seconds"], whole["cpu_seconds"])
    written = (cost["written_mb"], whole["written_mb"])
    return [
        Row(f"{name}: CPU, against the first refresh", *seconds, "CPU s", tier=tier, goal=0.12),
        *(
            Row(f"{name}: {one}", told.get(one, 0.0), first.get(one), "CPU s", tier=tier)
            for one in _STAGES
        ),
        Row(f"{name}: written, against the first refresh", *written, "MB", tier=tier, goal=0.05),
        Row(f"{name}: peak memory", cost["peak_mb"], None, "MB", tier=tier),
    ]


def _chunks(lake: OurLake) -> pa.Table:
    columns = ["document_id", "text_hash"]
    with open_store(lake.settings) as store:
        shards = store.ledger.sources.shards()
        return pa.concat_tables(store.lake.read(layout.chunks(one.key), columns) for one in shards)


def _sent(url: str) -> int:
    """Texts in batches; canaries are real-time calls and not among them."""
    return int(httpx2.get(f"{url}/emulator/bill", timeout=120).json()["sent"])


def _resent(before: pa.Table, after: pa.Table) -> float:
    """Mean of new chunks in the long documents that were there before and changed."""
    old, new = _by_document(before), _by_document(after)
    known = {key for keys in old.values() for key in keys}
    changed = [
        sum(key not in known for key in keys)
        for document, keys in new.items()
        if document in old and len(old[document]) >= _LONG_CHUNKS and keys != old[document]
    ]
    return float(np.mean(changed)) if changed else 0.0


def _by_document(chunks: pa.Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names, hashes = (chunks[name].to_pylist() for name in chunks.column_names)
    for document, key in zip(names, hashes, strict=True):
        found.setdefault(document, []).append(key)
    return found
