"""Try each method on each version of the API: live captures of batches are all on v1beta."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from semantic_assets.batching.requests import embedding_lines
from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import display_name
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.costs.paid_jobs import PROBE, booked_as, paid_job
from semantic_assets.pipeline.maintenance.findings import Finding
from semantic_assets.settings.settings import API_VERSIONS, PREFIX
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import text_hash
from semantic_assets.text.tokens import estimate_tokens

T = TypeVar("T")
_TEXT = "The lock is shut in frost."


@dataclass(slots=True)
class _Trial:
    """What was tried: by method, the versions and what became of them, None for success."""

    store: Store
    clients: dict[str, Gemini]
    found: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def tried(self, method: str, version: str, call: Callable[[Gemini], T]) -> T | None:
        """Call on one version, and note what becomes of it."""
        answers = self.found.setdefault(method, {})
        try:
            answer = call(self.clients[version])
        except SemanticAssetsError as error:
            answers[version] = str(error)
            return None
        answers[version] = None
        return answer

    def done(self, method: str, version: str, call: Callable[[Gemini], T]) -> T | None:
        """As `tried`, and where that fails on another version, for the sake of what is next."""
        answer = self.tried(method, version, call)
        return answer if self.found[method][version] is None else self.elsewhere(version, call)

    def elsewhere(self, version: str, call: Callable[[Gemini], T]) -> T | None:
        """Call on another version, where it is nobody's finding."""
        for other in self.clients.keys() - {version}:
            with suppress(SemanticAssetsError):
                return call(self.clients[other])
        return None


def try_methods(store: Store, gemini: Gemini) -> list[Finding]:
    """Say of each method on which versions it works; it holds if it does on that of the settings.

    Raises:
        SpendRefused: the day's cap has no room for a job of one text.
    """
    trial = _Trial(store, {version: _on(gemini, version) for version in API_VERSIONS})
    for version in API_VERSIONS:
        trial.tried("batches.list", version, lambda client: client.batches.list_jobs(max_pages=1))
        trial.tried("files.list", version, lambda client: client.batches.list_files())
    if any(None in answers.values() for answers in trial.found.values()):
        for version in API_VERSIONS:
            _try_calls(trial, version)
            _try_job(trial, version)
    own = store.settings.gemini_api_version
    return [_finding(method, answers, own) for method, answers in trial.found.items()]


def _on(gemini: Gemini, version: str) -> Gemini:
    settings = replace(gemini.endpoint.settings, gemini_api_version=version)
    return Gemini(replace(gemini.endpoint, settings=settings))


def _try_calls(trial: _Trial, version: str) -> None:
    store, space = trial.store, trial.store.settings.space
    trial.tried("models.countTokens", version, lambda on: on.count_tokens(space.model, _TEXT))
    trial.tried(
        "models.batchEmbedContents",
        version,
        lambda on: embed_sample(store, on, space, [_TEXT], of=booked_as(store, PROBE)),
    )


def _try_job(trial: _Trial, version: str) -> None:
    """Upload one line, make a job of it, look at it and delete both."""
    lines = [*embedding_lines(trial.store.settings.space, [(text_hash(_TEXT), _TEXT)])]

    def upload(on: Gemini) -> str:
        return on.batches.upload(lambda: lines, name="probe.jsonl", check=lambda: None)

    file = trial.done("files.upload", version, upload)
    if file is None:
        return
    try:
        remote = _created(trial, version, file)
        if remote is not None:
            trial.tried("batches.get", version, lambda on: on.batches.get(remote))
            trial.tried("batches.cancel", version, lambda on: on.batches.cancel(remote))
            trial.done("batches.delete", version, lambda on: on.batches.delete_job(remote))
    finally:
        trial.done("files.delete", version, lambda on: on.batches.delete_file(file))


def _created(trial: _Trial, version: str, file: str) -> str | None:
    store, model = trial.store, trial.store.settings.space.model
    job_id = store.ledger.job_ids.new()
    name = display_name(store.ledger.ledger_id, job_id)

    def create(on: Gemini) -> str:
        return on.batches.create_embedding_job(model=model, input_file=file, display_name=name)

    # Cancelled at once; what of it was billed nobody says.
    with paid_job(
        store, f"{booked_as(store, PROBE)}+{job_id}+job", model, estimate_tokens(_TEXT)
    ) as job:
        method = "models.asyncBatchEmbedContent"
        made = trial.tried(method, version, lambda on: job.created(lambda: create(on)))
        if made is None and job.cost is not None:  # refused: nothing was created
            made = trial.elsewhere(version, lambda on: job.created(lambda: create(on)))
        return made


def _finding(method: str, answers: dict[str, str | None], own: str) -> Finding:
    said = "; ".join(f"{v}: {'works' if e is None else e}" for v, e in answers.items())
    works = [version for version, error in answers.items() if error is None]
    if works and own not in works:
        said += f". {PREFIX}GEMINI_API_VERSION={works[0]} is the version it works on"
    return Finding(method, own in works, said)
