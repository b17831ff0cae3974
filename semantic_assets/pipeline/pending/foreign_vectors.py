"""Datasets whose vectors are of another backend than the settings: a demo's lake under a real key."""

from collections.abc import Sequence

from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.pending.products import serving_spaces
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.store import Store

_SHOWN = 3


def foreign_vectors(store: Store, datasets: Sequence[DatasetKey] = ()) -> str | None:
    """Return what such datasets (of these, or of all) are, and what to do; None: there are none."""
    backend = store.settings.backend
    backend_of = {
        dataset: space.backend
        for dataset, space in sorted(serving_spaces(store).items())
        if space.backend != backend
        and (not datasets or dataset in datasets)
        and not may_serve(store, dataset, space.backend)
        and not _is_moving(store, dataset)
    }
    found = [*backend_of]
    if not found:
        return None
    names = ", ".join(map(str, found[:_SHOWN])) + (", ..." if len(found) > _SHOWN else "")
    own = " and ".join(sorted({*backend_of.values()}))
    verb = "has" if len(found) == 1 else "have"
    # An emulator's vectors and Google's do not compare: search refuses, and nothing more is sent.
    return (
        f"{counted(len(found), 'dataset')} ({names}) {verb} vectors of the backend {own}, the settings "
        f"are on {backend}: set SEMANTIC_ASSETS_BACKEND={backend_of[found[0]]} to go on with this lake, "
        "SEMANTIC_ASSETS_ROOT to another folder to begin one, or `semantic-assets reindex --model "
        "MODEL` to embed it again (it quotes first)"
    )


def _is_moving(store: Store, dataset: DatasetKey) -> bool:
    target = store.target_space(dataset)
    return target is not None and target.backend == store.settings.backend
