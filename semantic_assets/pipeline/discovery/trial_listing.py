"""A listing of the sources that nobody keeps: nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from semantic_assets.ledger.ledger_copy import trial_copy
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.store import Store


@contextmanager
def trial_listing(
    store: Store, datasets: tuple[DatasetKey, ...] = ()
) -> Iterator[tuple[Store, Discovery]]:
    """Over the lake as it is, with a ledger that knows of the sources what they are now.

    Raises as `discover`.
    """
    with trial_copy(store.ledger) as ledger:
        listed = replace(store.for_reading(), ledger=ledger)
        yield listed, discover(listed, datasets=datasets, removes=False)
