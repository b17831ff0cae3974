"""The flow from texts to search and from a prompt to an answer, as Google bills it, in one lake.

The lake stays where it is: a run that was killed is gone on with by the next, with the same texts.

On the Agent Platform, below a folder of the staging place that is its own.

python -m tests.live_run FOLDER     (the settings are those of the environment)
"""

import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import FINAL, JobState, parse_display_name
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.generation_jobs.follow import follow_generation
from semantic_assets.pipeline.generation_jobs.generate import generation_results, submit_generation
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.maintenance.init import init
from semantic_assets.pipeline.maintenance.probe import probe
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.search.search import search
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.emulator import drawn

#: What a day of runs may cost: a first one with its probe is about a cent, a later one a tenth.
CAP_USD = 0.10
_CAP = "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"
_STAGING = "SEMANTIC_ASSETS_AGENT_STAGING"
DIMENSIONS = (768, 256, 3072)
#: {run} makes the texts of each run its own: a text that was answered is never sent again.
TEXTS = (
    "The pilot of ship {run} boards at the fairway buoy.",
    "Купол закрывают при ветре {run}.",
    "冷却を始める。{run}",
)
TASK = """
model = "gemini-3.5-flash-lite"
{media}
system = "Answer in English."
prompt = "{prompt}"
[schema]
type = "object"
required = ["about"]
properties.about = {{ type = "string" }}
[generation]
temperature = 0
max_output_tokens = 200
"""
ANSWERS = DatasetKey("live", "answers")
TASKS = {
    "about": ("", "What is this about?\\n\\n{text}"),
    "seen": ("media = true", "What is shown?"),
}


def live_run(folder: Path, environ: Mapping[str, str], wait: Callable[[], None]) -> None:
    """Run it to its end, from wherever an earlier one was killed.

    Raises:
        AssertionError: something does not hold; the lake and its files stay.
    """
    note = folder / "run"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(secrets.token_hex(4))
    _write_sources(folder, note.read_text())
    settings = _settings(folder, environ)
    gemini = Gemini(endpoint_of(settings))
    init(settings)
    for other in _other_ledgers(settings, gemini):
        init(settings, beside=other)
    with open_store(settings) as store:
        if not store.ledger.scopes.has_passed_probe(gemini.scope_id):
            found = probe(store, gemini, sleep=lambda _: wait())
            assert all(one.holds for one in found if one.is_needed), found
            told = [f"{one.name}: {one.holds}: {one.detail}\n" for one in found]
            (folder / "probe.txt").write_text("".join(told), encoding="utf-8")
        _embedded(store, gemini, wait)
        _answered(store, gemini, wait)
        _left_nothing(store, gemini)
    note.unlink()


def _settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    cap = environ.get(_CAP) or str(CAP_USD)
    own = {_CAP: cap}
    if environ.get(_STAGING):  # a prefix is of one ledger alone
        own[_STAGING] = f"{environ[_STAGING].rstrip('/')}/live-run"
    settings = Settings.load(root=folder / "lake", environ={**environ, **own})
    return replace(settings, sources=folder / "sources", tasks=folder / "tasks")


def _other_ledgers(settings: Settings, gemini: Gemini) -> set[str]:
    """Name the ledgers that use the key too: the person's own, or one whose folder was deleted.

    Texts here are of this run alone, so none of them is paid for there.
    """
    with open_store(settings) as store:
        own = store.ledger.ledger_id
    listed = gemini.batches.list_jobs(max_pages=1_000).jobs
    return {name[0] for job in listed if (name := parse_display_name(job.display_name))} - {own}


def _write_sources(folder: Path, run: str) -> None:
    for dimensions in DIMENSIONS:
        texts = folder / "sources" / "live" / f"d{dimensions}"
        texts.mkdir(parents=True, exist_ok=True)
        (texts / "dataset.toml").write_text(f"[embedding]\ndimensions = {dimensions}\n")
        for number, text in enumerate(TEXTS):
            (texts / f"{number}.txt").write_text(text.format(run=run), encoding="utf-8")
    answers = folder / "sources" / "live" / "answers"
    answers.mkdir(parents=True, exist_ok=True)
    (answers / "dataset.toml").write_text("embed = false\n")
    (answers / "a.txt").write_text(TEXTS[0].format(run=run))
    (answers / "b.png").write_bytes(
        drawn.png("red", "circle", "white", size=64 + int(run, 16) % 64)
    )
    (folder / "tasks").mkdir(exist_ok=True)
    for name, (media, prompt) in TASKS.items():
        (folder / "tasks" / f"{name}.toml").write_text(TASK.format(media=media, prompt=prompt))


def _embedded(store: Store, gemini: Gemini, wait: Callable[[], None]) -> None:
    """Embed three texts at three sizes by batch, and find one by its words and its meaning."""
    keys = tuple(DatasetKey("live", f"d{dimensions}") for dimensions in DIMENSIONS)
    while (report := refresh(store, gemini, datasets=keys, wait_minutes=0)).is_waiting:
        blocked = report.advanced.blocked_by
        assert blocked is None or not blocked.needs_person, blocked
        _require_trusted(store)
        wait()
    with connect(store) as lake:
        rows = lake.sql("SELECT dataset, vector FROM embeddings WHERE project = 'live'").fetchall()
    found = {f"d{dimensions}": 0 for dimensions in DIMENSIONS}
    for dataset, vector in rows:
        found[dataset] += 1
        assert f"d{len(vector)}" == dataset
        np.testing.assert_allclose(np.linalg.norm(np.asarray(vector)), 1.0, atol=1e-5)
    assert set(found.values()) == {len(TEXTS)}, found
    (hit, *_) = search(store, gemini, "Where does the pilot board?", datasets=keys[:1], k=1)
    assert "fairway buoy" in hit.text


def _answered(store: Store, gemini: Gemini, wait: Callable[[], None]) -> None:
    """Generate from a text and from a picture by batch."""
    for task in TASKS:
        submit_generation(store, gemini, ANSWERS, task)
    for task in TASKS:
        while not (found := follow_generation(store, gemini, ANSWERS, task)).is_done:
            if found.waiting:
                submit_generation(store, gemini, ANSWERS, task)
            _require_trusted(store)
            wait()
    rows = [row for task in TASKS for row in generation_results(store, ANSWERS, task)]
    assert [row["status"] for row in rows] == ["READY"] * len(TASKS), rows
    assert all(row["output"]["about"] and row["output_tokens"] for row in rows)


def _require_trusted(store: Store) -> None:
    """Stop where only a person moves a job: waiting for it would never end."""
    stuck = store.ledger.jobs.list(states=[JobState.QUARANTINED, JobState.DAMAGED])
    assert stuck == [], stuck


def _left_nothing(store: Store, gemini: Gemini) -> None:
    """Delete what is left at Google of this ledger's jobs, those of killed runs too."""
    cleanup(store, gemini, dry_run=False)
    assert [job for job in store.ledger.jobs.list() if job.state not in FINAL] == []
    left = cleanup(store, gemini, dry_run=True)
    assert (left.remote_jobs, left.remote_files) == ((), ())
    ours = f"sa-{store.ledger.ledger_id}-"
    assert [name for name, of in gemini.batches.list_files() if of.startswith(ours)] == []


if __name__ == "__main__":
    import os

    with suppress(BrokenPipeError):
        live_run(Path(sys.argv[1]), os.environ, lambda: time.sleep(0.1))
