"""Datasets whose vectors are of another backend than the settings: a demo's lake under a real key."""

from collections.abc import Sequence

from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.pending.products import serving_spaces
from semantic_assets.store import Store

_SHOWN = 3


def foreign_vectors(store: Store, datasets: Sequence[DatasetKey] = ()) -> str | None:
    """Return what such datasets (of these, or of all) are, and what to do; None: there are none."""
    backend = store.settings.backend
    found = sorted(
        dataset
        for dataset, space in serving_spaces(store).items()
        if space.backend != backend
        and (not datasets or dataset in datasets)
        and not _is_moving(store, dataset)
    )
    if not found:
        return None
    names = ", ".join(map(str, found[:_SHOWN])) + (", ..." if len(found) > _SHOWN else "")
    own = "emulator" if backend == "gemini" else "gemini"
    verb = "has" if len(found) == 1 else "have"
    # An emulator's vectors and Google's do not compare: search refuses, and nothing more is sent.
    return (
        f"{counted(len(found), 'dataset')} ({names}) {verb} vectors of the backend {own}, the settings "
        f"are on {backend}: set SEMANTIC_ASSETS_BACKEND={own} to go on with this lake, "
        "SEMANTIC_ASSETS_ROOT to another folder to begin one, or `semantic-assets reindex --model "
        "MODEL` to embed it again (it quotes first)"
    )


def _is_moving(store: Store, dataset: DatasetKey) -> bool:
    target = store.target_space(dataset)
    return target is not None and target.backend == store.settings.backend
