"""The definitions of this package; importing them reads no setting and opens no connection."""

from pathlib import Path

import dagster as dg

# The modules: Dagster wants one function of definitions in this one.
from semantic_assets.defs import corpus, executor
from semantic_assets.settings.checkout import is_checkout


@dg.definitions
def defs() -> dg.Definitions:
    """Return everything in `defs/`, what `dg scaffold defs` put there too.

    Without a checkout there is no project of `dg`, and nothing can have been added.
    """
    if not is_checkout():
        return dg.Definitions.merge(corpus.corpus(), executor.executor())
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
