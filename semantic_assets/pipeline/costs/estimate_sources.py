"""estimate_sources: what bringing the sources up to date would cost, as they are now."""

from dataclasses import replace

from semantic_assets.errors import UnknownName
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.pipeline.costs.estimate import Estimate, estimate
from semantic_assets.pipeline.costs.transcription_offer import transcription_offers
from semantic_assets.pipeline.discovery.trial_listing import trial_listing
from semantic_assets.pipeline.documents.file_counts import file_counts
from semantic_assets.pipeline.generation.task_list import retiring_models
from semantic_assets.pipeline.pending.foreign_vectors import foreign_vectors
from semantic_assets.pipeline.pending.pending import Counted
from semantic_assets.store import Store


def estimate_sources(
    store: Store,
    *,
    datasets: tuple[DatasetKey, ...] = (),
    limit: int | None = None,
    counter: Gemini | None = None,
    counted: Counted = Counted.TO_SEND,
) -> Estimate:
    """As `estimate`, after a listing that nobody keeps: nothing is written.

    Nothing is sent either, but to a `counter`. Raises as `discover` and `estimate`.
    """
    with trial_listing(store, datasets) as (listed, found):
        quote = estimate(listed, datasets=datasets, limit=limit, counter=counter, counted=counted)
        foreign = foreign_vectors(listed, datasets)
        is_learned = counted == Counted.TO_SEND
        return replace(
            quote,
            offers=transcription_offers(listed, datasets, is_learned=is_learned),
            files=file_counts(listed, datasets).told,
            left_out=(*found.troubles, *([foreign] if foreign else [])),
            warnings=tuple(retiring_models(listed, datasets)),
        )


def estimate_of_project(
    store: Store,
    project: str,
    *,
    datasets: tuple[DatasetKey, ...] = (),
    limit: int | None = None,
    counter: Gemini | None = None,
) -> Estimate:
    """As `estimate_sources`, for one who must not learn what other projects hold or have sent."""
    known = datasets or tuple(
        one for one in store.ledger.sources.datasets() if one.project == project
    )
    if not known:  # without names the lake as a whole would be quoted
        nothing = [DatasetKey(project, "none")]
        return estimate(store, datasets=nothing, counted=Counted.LACKING)
    return estimate_sources(
        store, datasets=known, limit=limit, counter=counter, counted=Counted.LACKING
    )


def estimate_of_scope(store: Store, scope: Scope, *, project: str | None = None) -> Estimate:
    """As `estimate_sources`, for datasets and projects; `project`: for one who may see it alone.

    Raises:
        UnknownName: nothing is known of a project.
    """
    datasets = scope.datasets
    for name in scope.projects:
        known = tuple(one for one in store.ledger.sources.datasets() if one.project == name)
        if not known and name != project:
            raise UnknownName(
                f"nothing is known of a project {name!r}: name one that `semantic-assets ls` lists"
            )
        datasets += known
    if project is not None:
        return estimate_of_project(store, project, datasets=datasets)
    return estimate_sources(store, datasets=datasets)
