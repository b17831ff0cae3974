"""Bring documents to search that were just handed over."""

from semantic_assets.errors import SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.statuses import Mode
from semantic_assets.pipeline.flows.refresh_now import refresh_now
from semantic_assets.store import Store


def embed_handed_over(store: Store, gemini: Gemini, dataset: DatasetKey, mode: Mode) -> None:
    """Bring what was stored to search; in mode `auto` what may not be sent now waits.

    Raises:
        SpendRefused, TransientError: in mode `sync`: the documents are kept, and cannot be found yet.
    """
    try:
        found = refresh_now(store, gemini, dataset, mode=mode)
    except (SpendRefused, TransientError) as error:
        if mode == Mode.SYNC:
            raise
        store.report_progress(f"{dataset}: what was handed over is kept, and waits: {error}")
        return
    if mode == Mode.SYNC and not found.is_searchable:
        raise TransientError(
            f"{dataset}: what was handed over is kept and not all of it could be embedded and "
            "indexed now: `semantic-assets refresh` goes on"
        )
