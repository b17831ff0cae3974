"""The two services of Google for what waits in this store, and whether the other would be better."""

from collections.abc import Iterable, Mapping

from semantic_assets.model.catalog import AGENT_PLATFORM, is_charged
from semantic_assets.model.product import Product
from semantic_assets.pipeline.costs.expected_finish import JobPace, job_pace
from semantic_assets.pipeline.costs.services.capacity import lake_bytes, lake_limits
from semantic_assets.pipeline.costs.services.comparison import (
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
    loads = [
        Load(texts, tokens, settings.window_of(model, DEVELOPER_API))
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
    so whoever changes pays for those again. And where datasets name the other one: who did knows.
    """
    if not texts or not is_charged(store.settings.backend):
        return None
    products = {one.product for one in wanted_products(store)}
    is_named = any(product.backend != store.settings.backend for product in products)
    if is_named or _answered(store, products) >= texts:
        return None
    work = {model: (0, round(count)) for model, count in tokens.items()}
    return better_service(services_for(store, work, 0.0))


def _answered(store: Store, products: Iterable[Product]) -> int:
    return sum(store.ledger.job_totals.outcomes(one.product_id)[0] for one in products)
