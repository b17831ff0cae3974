"""Move a dataset to another embedding space while the old one serves.

Quote, aim, embed beside, build beside, compare, switch. Each step is durable and found again, so
running it again goes on. Edits are embedded in both spaces until the switch, then only in the new.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import unasked
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.wording import are, counted
from semantic_assets.pipeline.costs.estimate import Estimate, estimate_space, require_quote
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance_until_done
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.pipeline.search.judged.compare import Comparison, compare
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.switch import switch_to
from semantic_assets.store import Store

Consent = Callable[[Estimate], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReindexReport:
    """The progress of one dataset. `waiting`: the reason to wait; None: nothing to wait for."""

    dataset: DatasetKey
    space_id: str
    switched: bool
    comparison: Comparison | None = None
    waiting: str | None = None

    @property
    def summary(self) -> str:
        compared = f" ({self.comparison.summary})" if self.comparison else ""
        if self.switched:
            return f"{self.dataset} is searched in {self.space_id}{compared}"
        return f"{self.dataset} is not switched{compared}: {self.waiting}"


def reindex(
    store: Store,
    gemini: Gemini,
    dataset: DatasetKey,
    space: EmbeddingSpace,
    *,
    wait_minutes: float,
    switch: bool | None = None,
    max_cost_usd: float | None = None,
    consent: Consent | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ReindexReport:
    """Move one dataset to `space`, as far as possible now.

    Args:
        switch: None switches unless nDCG@10 drops; False never, True always.

    Raises:
        NotFound: the dataset is unknown.
        Conflict: it is moving to another space.
        SpendRefused: over the cap, or not consented to; nothing was sent.
    """
    if dataset not in store.ledger.sources.datasets():
        raise NotFound(f"there is no dataset {dataset}")
    if store.decide_space(dataset) == space:
        return ReindexReport(dataset=dataset, space_id=space.space_id, switched=True)
    if not may_serve(store, dataset, space.backend):
        raise ConfigError(f"{dataset}: {unasked(store.settings, space.backend)}")
    require_quote(store, estimate_space(store, dataset, space), max_cost_usd, consent)
    store.ledger.spaces.register(space)
    store.ledger.dataset_spaces.aim(dataset, space.space_id)
    advanced = advance_until_done(store, gemini, wait_minutes=wait_minutes, sleep=sleep)
    done = continue_reindex(store, gemini, dataset, switch=switch)
    return done or _waiting(dataset, space, advanced)


def reindex_all(
    store: Store,
    gemini: Gemini,
    datasets: Sequence[DatasetKey],
    space: EmbeddingSpace,
    **options: Any,
) -> list[ReindexReport]:
    """Reindex these datasets or all, one after the other, with the options of `reindex`.

    Each goes to the service of Google that its dataset.toml names, whatever that of `space`.

    It ends after the first that has to wait: only one dataset at a time is paid for in two spaces.
    """
    done: list[ReindexReport] = []
    for dataset in datasets or store.ledger.sources.datasets():
        named = store.settings.service_of(store.dataset_settings(dataset).backend)
        done.append(reindex(store, gemini, dataset, replace(space, backend=named), **options))
        store.report_progress(done[-1].summary)
        if not done[-1].switched:
            break
    return done


def _waiting(dataset: DatasetKey, space: EmbeddingSpace, advanced: AdvanceReport) -> ReindexReport:
    held = advanced.blocked_by.reason if advanced.blocked_by else None
    reason = (
        held
        or f"{counted(advanced.open_jobs, 'batch job')} {are(advanced.open_jobs)} out; run it again to go on"
    )
    return ReindexReport(dataset=dataset, space_id=space.space_id, switched=False, waiting=reason)


def continue_reindex(
    store: Store, gemini: Gemini, dataset: DatasetKey, *, switch: bool | None = None
) -> ReindexReport | None:
    """Assemble, build beside, compare and switch; None: no target, or its texts are still out."""
    space = store.target_space(dataset)
    if space is None:
        return None
    shards = store.ledger.sources.shards(dataset)
    embedded = [assemble(store, shard.key, space=space) for shard in shards]
    if not embedded or not all(report.is_settled for report in embedded):
        return None
    number = build_index(store, dataset, space=space).version
    built = next(g for g in store.ledger.index_versions.list(dataset) if g.number == number)
    comparison = compare(store, gemini, built)
    is_wanted = not (comparison and comparison.is_worse) if switch is None else switch
    if is_wanted:
        _switch(store, dataset, built)
    return ReindexReport(
        dataset=dataset,
        space_id=space.space_id,
        switched=is_wanted,
        comparison=comparison,
        waiting=None if is_wanted else _decision(dataset, number, asked=switch is False),
    )


def _switch(store: Store, dataset: DatasetKey, built: IndexVersion) -> None:
    with store.ledger.leases.holding(lease_names.of_index(dataset)) as lease:
        switch_to(store, lease, dataset, built.number)


def _decision(dataset: DatasetKey, number: int, *, asked: bool) -> str:
    reason = "as asked" if asked else "nDCG@10 would drop"
    return (
        f"{reason}; `semantic-assets index switch {dataset} {number}` switches, "
        f"`semantic-assets reindex --dataset {dataset} --cancel` gives it up"
    )


def cancel_reindex(store: Store, dataset: DatasetKey) -> bool:
    """Cancel a dataset's reindex; return whether there was one.

    Paid results stay in the lake; an index version built for it goes with the next build.
    """
    was_under_way = store.target_space(dataset) is not None
    if was_under_way:
        store.ledger.dataset_spaces.aim(dataset, None)
    return was_under_way
