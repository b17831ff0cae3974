"""The two services of Google for what waits in this store, and whether the other would be better."""

from collections.abc import Mapping
from dataclasses import replace

from semantic_assets.model.catalog import is_charged
from semantic_assets.pipeline.costs.expected_finish import JobPace, job_pace
from semantic_assets.pipeline.costs.services.capacity import lake_bytes, lake_limits
from semantic_assets.pipeline.costs.services.comparison import (
    AGENT_PLATFORM,
    DEVELOPER_API,
    FILL_SECONDS,
    QUEUE_SECONDS,
    Load,
    Services,
    better_service,
    compare_services,
)
from semantic_assets.pipeline.pending.products import wanted_products
from semantic_assets.store import Store


def services_for(
    store: Store, work: Mapping[str, tuple[int, int]], usd: float, *, is_learned: bool = True
) -> Services:
    """Return what both services make of work, which has texts and tokens by model.

    Args:
        usd: its price by the Developer API's prices.
        is_learned: the pace of jobs of the key in use counts for its service.
    """
    backend, settings = store.settings.backend, store.settings
    through_the_window = replace(settings, backend=DEVELOPER_API)
    loads = [
        Load(texts, tokens, through_the_window.window_of(model))
        for model, (texts, tokens) in work.items()
        if tokens
    ]
    texts, tokens = (sum(getattr(load, name) for load in loads) for name in ("texts", "tokens"))
    seen = _seconds(job_pace(store)) if is_learned else None
    return compare_services(
        loads,
        usd,
        backend=backend,
        fill_seconds=(backend == DEVELOPER_API and seen) or FILL_SECONDS,
        queue_seconds=(backend == AGENT_PLATFORM and seen) or QUEUE_SECONDS,
        others=lake_limits(texts, lake_bytes(texts, tokens, settings.dimensions)),
    )


def _seconds(pace: JobPace) -> tuple[float, float] | None:
    """Return how long jobs took that were seen to end."""
    if not pace.jobs or pace.seconds_low is None or pace.seconds_high is None:
        return None
    return pace.seconds_low, pace.seconds_high


def better_for(store: Store, texts: int, tokens: Mapping[str, float]) -> str | None:
    """Return why the service that is not in use would be better for what waits, in one line.

    None too where as many texts were answered here already: the vectors of the two are two spaces,
    so whoever changes pays for those again.
    """
    if not texts or not is_charged(store.settings.backend) or _answered(store) >= texts:
        return None
    work = {model: (0, round(count)) for model, count in tokens.items()}
    return better_service(services_for(store, work, 0.0))


def _answered(store: Store) -> int:
    ids = {one.product.product_id for one in wanted_products(store)}
    return sum(store.ledger.job_totals.outcomes(product_id)[0] for product_id in ids)
