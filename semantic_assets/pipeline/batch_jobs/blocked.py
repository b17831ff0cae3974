"""The outcome of planning: the jobs to submit, and why other texts wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semantic_assets.gemini.endpoint import Endpoint, unasked
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True)
class Blocked:
    """The reason why pending texts are in no job."""

    reason: str
    #: Waiting does not help: a setting must change.
    needs_person: bool = False


ANOTHER_PLANS = Blocked("another process plans")
WINDOW_FULL = Blocked("the window of enqueued tokens is full")


def of_service(
    store: Store, endpoint: Endpoint, product: Product, unsettled: list[tuple[Shard, str]]
) -> tuple[list[tuple[Shard, str]], Blocked | None]:
    """Return the shards of which a product's texts go to a service, and why others wait.

    What no service takes is told once, by that of the settings.
    """
    ours = [one for one in unsettled if may_serve(store, one[0].key.dataset, product.backend)]
    if product.backend == endpoint.backend:
        return ours, None
    if len(ours) == len(unsettled) or endpoint.backend != store.settings.backend:
        return [], None
    left = [one for one in unsettled if one not in ours]
    return [], _other_backend(store.settings, product, left)


def _other_backend(
    settings: Settings, product: Product, unsettled: list[tuple[Shard, str]]
) -> Blocked:
    """Return why texts wait for a service that the settings are not on, or that is not set up."""
    names = ", ".join(sorted({str(shard.key.dataset) for shard, _ in unsettled}))
    return Blocked(
        f"{names}: worked on by the backend {product.backend}; {unasked(settings, product.backend)}, "
        "or `semantic-assets reindex --model MODEL` (it quotes first)",
        needs_person=True,
    )


def unknown_texts(jobs: Sequence[str]) -> Blocked:
    """Return why nothing is planned: what jobs that are out were sent is not known."""
    return Blocked(
        f"the manifest of {', '.join(jobs)} is gone or cut off, so its texts could be paid twice: "
        f"restore manifests/ of the lake from a backup, or `semantic-assets resolve {jobs[0]} "
        "--abandon`",
        needs_person=True,
    )


def gathering(few: Mapping[DatasetKey, tuple[int, int]] | Mapping[str, tuple[int, int]]) -> Blocked:
    texts = ", ".join(f"{name} {has} of {needed}" for name, (has, needed) in few.items())
    return Blocked(f"texts gather until min_batch_size is reached: {texts}", needs_person=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    jobs: tuple[PlannedJob, ...] = ()
    #: Shards whose texts are all answered or failed: ready to be assembled.
    settled: tuple[ShardDemand, ...] = ()
    #: Texts of the opened shards that stay outside the window for now.
    waiting_texts: int = 0
    blocked_by: Blocked | None = None


def joined(plans: Sequence[Plan]) -> Plan:
    """Join the plans of all products; a blocker that needs a person is reported first."""
    blocked_by = [part.blocked_by for part in plans if part.blocked_by is not None]
    return Plan(
        jobs=tuple(job for part in plans for job in part.jobs),
        settled=tuple(found for part in plans for found in part.settled),
        waiting_texts=sum(part.waiting_texts for part in plans),
        blocked_by=min(blocked_by, key=lambda reason: not reason.needs_person, default=None),
    )
