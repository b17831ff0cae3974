"""Diagnose the obstacles between this machine and an embedding, with remedies; spends nothing."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.costs.budgets import day_cap
from semantic_assets.pipeline.discovery.trial_listing import trial_listing
from semantic_assets.pipeline.documents.file_counts import file_counts
from semantic_assets.pipeline.generation.task_list import task_troubles
from semantic_assets.pipeline.generation.task_versions import task_files
from semantic_assets.pipeline.maintenance.cleanup import staged_files
from semantic_assets.pipeline.maintenance.durable_files import damaged_at_a_glance
from semantic_assets.pipeline.maintenance.probe_both import AGREEMENT
from semantic_assets.pipeline.reports.status import Status, status
from semantic_assets.settings.settings import PREFIX, Settings, misspelt_variables
from semantic_assets.store import Store, open_store, sources_of
from semantic_assets.system.addresses import is_plain_to_another

#: The diagnosis without which there are no others.
SETTINGS = "settings"
_LEAST_FREE_BYTES = 2 << 30
_SEE = "see the message; then run doctor again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The diagnosis of one part. `is_well` is None if it could not be determined."""

    name: str
    is_well: bool | None
    found: str
    #: The remedy; empty if nothing needs to be done.
    remedy: str = ""


def doctor(root: str | Path | None) -> list[Diagnosis]:
    """Diagnose settings, folders, key, consent, ledger, service, probe, queue and tasks, in order.

    Without valid settings or a ledger, the later diagnoses are left out.
    """
    found: list[Diagnosis] = []
    try:
        settings = Settings.load(root=root)
    except SemanticAssetsError as error:
        return [*_misspelt()] or [
            Diagnosis(name=SETTINGS, is_well=False, found=str(error), remedy="mend it, or .env")
        ]
    found.append(
        Diagnosis(
            name=SETTINGS,
            is_well=True,
            found=f"backend {settings.backend}, {settings.model}, {settings.dimensions} numbers",
        )
    )
    found += [
        *_window(settings),
        _root(settings),
        _sources(settings),
        _key(settings),
        *plain_http(settings),
        _consent(settings),
    ]
    try:
        with open_store(settings, reading=True) as store:
            found.append(Diagnosis(name="ledger", is_well=True, found=_ledger(store)))
            found += _of_store(store)
    except SemanticAssetsError as error:
        found.append(
            Diagnosis(name="ledger", is_well=False, found=str(error), remedy=_remedy(error))
        )
    return found


def _misspelt() -> Iterator[Diagnosis]:
    for one in misspelt_variables():
        found = f"{one.name} is no setting"
        yield Diagnosis(name=SETTINGS, is_well=False, found=found, remedy=one.remedy)


def _ledger(store: Store) -> str:
    if store.ledger.is_there:
        return store.ledger.ledger_id
    return "there is none yet: what is taken in or sent first makes it"


def _of_store(store: Store) -> Iterator[Diagnosis]:
    gemini = Gemini(endpoint_of(store.settings))
    yield _asked("service", lambda: _listing(gemini))
    if store.settings.agent_staging is not None:
        yield _asked("staging", lambda: staged_files(store, gemini))
    yield _probe(store, gemini)
    yield from _both_services(store, gemini)
    yield from _queue(status(store, scope_id=gemini.scope_id))
    yield from _files(store)
    yield _paid(store)
    yield from _tasks(store)


def _files(store: Store) -> Iterator[Diagnosis]:
    """Diagnose the files below the sources: which are not read, and what a listing passes over."""
    try:
        with trial_listing(store) as (listed, found):
            counts, told = file_counts(listed), found.troubles
    except (SemanticAssetsError, OSError) as error:
        yield Diagnosis(name="files", is_well=None, found=str(error), remedy=_SEE)
        return
    remedy = "`semantic-assets failures`" if counts.failed or told else ""
    yield Diagnosis(name="files", is_well=not remedy, found=counts.told, remedy=remedy)
    for line in told:
        yield Diagnosis(name="left out", is_well=False, found=line, remedy=remedy)


def _paid(store: Store) -> Diagnosis:
    """Diagnose the files that were paid for, by their sizes."""
    broken = list(damaged_at_a_glance(store))
    found = "all are there; `semantic-assets verify --deep` reads them"
    if broken:
        found = f"{len(broken)} are missing or cut off, the first is {broken[0].path}"
    remedy = broken[0].remedy if broken else ""
    return Diagnosis(name="paid files", is_well=not broken, found=found, remedy=remedy)


def _tasks(store: Store) -> Iterator[Diagnosis]:
    """Diagnose tasks: files, models, and the versions that datasets are processed by."""
    troubles = task_troubles(store)
    for one in troubles:
        is_well = None if one.is_warning else False
        yield Diagnosis(name="tasks", is_well=is_well, found=one.found, remedy=one.remedy)
    if not troubles:
        names = ", ".join(task_files(store).valid) or "none"
        yield Diagnosis(name="tasks", is_well=True, found=names)


def _key(settings: Settings) -> Diagnosis:
    if settings.backend == "emulator":
        return Diagnosis(name="key", is_well=True, found="the emulator takes any")
    if settings.backend == "agent-platform":
        return Diagnosis(
            name="key", is_well=True, found="none: Google Cloud's credentials are used"
        )
    has_one = bool(settings.api_key)
    return Diagnosis(
        name="key",
        is_well=has_one,
        found="there is one" if has_one else "there is none",
        remedy="" if has_one else "set GEMINI_API_KEY (or GOOGLE_API_KEY), from Google AI Studio",
    )


def plain_http(settings: Settings) -> Iterator[Diagnosis]:
    """Diagnose keys that everybody on the way to another machine could read."""
    google = settings.api_key if settings.backend == "gemini" else None
    places = (
        ("GEMINI_URL", settings.gemini_url, google),
        ("QDRANT_URL", settings.qdrant_url, settings.qdrant_api_key),
    )
    for name, url, key in places:
        if key and is_plain_to_another(url or ""):
            yield Diagnosis(
                name="plain http",
                is_well=False,
                found=f"the key of {PREFIX}{name} travels to another machine unencrypted",
                remedy=f"write {PREFIX}{name} with https://, or tunnel it to this machine",
            )


def window_advice(settings: Settings) -> str:
    """Return what to do about the window of enqueued tokens; empty: nothing.

    Google's page shows no batch limits of a model any more: the table by tier is a guess.
    """
    if settings.backend == "emulator" or settings.enqueued_tokens is not None:
        return ""
    return f"look up the batch limits in AI Studio and set {PREFIX}ENQUEUED_TOKENS"


def _window(settings: Settings) -> Iterator[Diagnosis]:
    if advice := window_advice(settings):
        guessed = f"{settings.window_tokens:,} enqueued tokens, a guess by tier {settings.tier}"
        yield Diagnosis(name="window", is_well=None, found=guessed, remedy=advice)


def _root(settings: Settings) -> Diagnosis:
    place = next((p for p in (settings.root, *settings.root.parents) if p.exists()), Path("/"))
    if not os.access(place, os.W_OK):
        return Diagnosis(
            name="lake",
            is_well=False,
            found=f"{settings.root} cannot be written",
            remedy=f"chmod it, or set {PREFIX}ROOT",
        )
    free = shutil.disk_usage(place).free
    return Diagnosis(
        name="lake",
        is_well=free >= _LEAST_FREE_BYTES,
        found=f"{settings.root_url or settings.root}, {free / 1e9:.1f} GB free here",
        remedy="" if free >= _LEAST_FREE_BYTES else "a shard of 12,000 articles takes about 1 GB",
    )


def _sources(settings: Settings) -> Diagnosis:
    sources = sources_of(settings)
    try:
        is_there = sources.is_there()
    except SemanticAssetsError as error:
        return Diagnosis(
            name="sources", is_well=False, found=str(error), remedy=f"set {PREFIX}SOURCES right"
        )
    return Diagnosis(
        name="sources",
        is_well=is_there,
        found=sources.shown if is_there else f"{sources.shown} is not there",
        remedy=""
        if is_there
        else f"put documents into {sources.shown}/PROJECT/DATASET/, or `semantic-assets ingest`",
    )


def _consent(settings: Settings) -> Diagnosis:
    if settings.backend == "emulator":
        return Diagnosis(name="consent", is_well=True, found="the emulator costs nothing")
    cap = day_cap(settings, settings.backend)
    if cap.usd is None:
        return Diagnosis(
            name="consent",
            is_well=False,
            found="nothing is submitted without a cap",
            remedy=f"set {PREFIX}MAX_COST_USD_PER_DAY; `semantic-assets estimate` quotes",
        )
    found = f"${cap.usd:.2f} a day"
    return Diagnosis(name="consent", is_well=True, found=found)


def _listing(gemini: Gemini) -> str:
    jobs = gemini.batches.list_jobs(max_pages=1).jobs
    return f"{gemini.endpoint.identity} answers; {counted(len(jobs), 'job')} on the first page"


def _asked(name: str, ask: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(name=name, is_well=True, found=ask())
    except SemanticAssetsError as error:
        return Diagnosis(name=name, is_well=False, found=str(error), remedy=_remedy(error))


def _probe(store: Store, gemini: Gemini) -> Diagnosis:
    if store.settings.backend == "emulator":
        return Diagnosis(name="probe", is_well=True, found="the emulator needs none")
    has_passed = store.ledger.scopes.has_passed_probe(gemini.scope_id)
    return Diagnosis(
        name="probe",
        is_well=has_passed or store.settings.unprobed,
        found="passed" if has_passed else "has not passed on this key",
        remedy="" if has_passed else "`semantic-assets probe`: a few texts, under a cent",
    )


def _both_services(store: Store, gemini: Gemini) -> Iterator[Diagnosis]:
    """Tell what the last probe found of both services' vectors; nothing depends on it yet."""
    for one in store.ledger.scopes.findings(gemini.scope_id):
        if one.name == AGREEMENT:
            yield Diagnosis(name=one.name, is_well=one.holds, found=f"{one.detail} (two spaces)")


def _queue(found: Status) -> Iterator[Diagnosis]:
    if found.foreign_vectors:
        told, _, remedy = found.foreign_vectors.partition(": ")
        yield Diagnosis(name="vectors", is_well=False, found=told, remedy=remedy)
    waits = f"{counted(found.documents_waiting, 'document')} to split, {counted(found.bill.pending_texts, 'text')} to send"
    yield Diagnosis(
        name="queue", is_well=True, found=f"{waits}, {counted(len(found.open_jobs), 'job')} out"
    )
    if found.paused:
        remedy = "mend what it names; it is tried again by itself"
        yield Diagnosis(name="submission", is_well=False, found=found.paused, remedy=remedy)
    if found.quarantined_jobs:
        yield Diagnosis(
            name="quarantine",
            is_well=False,
            found=f"the answers of {found.quarantined_jobs} jobs were not trusted",
            remedy="`semantic-assets jobs`, then `semantic-assets resolve JOB`",
        )
    for job in found.open_jobs:
        if job.state == JobState.DAMAGED:
            told, remedy = f"job {job.job_id}", job.error_message or ""
            yield Diagnosis(name="damaged", is_well=False, found=told, remedy=remedy)


def _remedy(error: SemanticAssetsError) -> str:
    """Return a remedy for an error, or "" if its message names one in backquotes."""
    return "" if "`" in str(error) else _SEE
