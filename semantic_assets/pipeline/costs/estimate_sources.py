"""estimate_sources: what bringing the sources up to date would cost, as they are now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger.ledger_copy import trial_copy
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import Estimate, estimate
from semantic_assets.pipeline.costs.transcription_offer import transcription_offers
from semantic_assets.pipeline.discovery.discover import discover
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
    with _listed(store, datasets) as listed:
        quote = estimate(listed, datasets=datasets, limit=limit, counter=counter, counted=counted)
        is_learned = counted == Counted.TO_SEND
        offers = transcription_offers(listed, datasets, is_learned=is_learned)
        return replace(quote, offers=offers)


@contextmanager
def _listed(store: Store, datasets: tuple[DatasetKey, ...]) -> Iterator[Store]:
    """Over the lake as it is, with a ledger that knows of the sources what they are now."""
    with trial_copy(store.ledger) as ledger:
        listed = replace(store.for_reading(), ledger=ledger)
        discover(listed, datasets=datasets, removes=False)
        yield listed
