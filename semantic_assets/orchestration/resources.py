"""The one resource: it holds configuration and hands out plain objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import dagster as dg
from pydantic import Field

from semantic_assets.api.functions import opened
from semantic_assets.gemini.client import Gemini
from semantic_assets.orchestration.failures import with_remedy
from semantic_assets.orchestration.place import Place
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store
from semantic_assets.text.foreign import visible


class LakeResource(dg.ConfigurableResource):
    """The lake, its ledger and the Gemini client of the settings in force.

    What is set here wins over the environment. Dagster's UI shows all of it.
    """

    root: str = Field(
        default="",
        description="Root of the lake. Empty: SEMANTIC_ASSETS_ROOT, or data/lake of the project.",
    )
    settings: dict[str, str] = Field(
        default={}, description="Other settings of docs/settings.md by their names in lower case."
    )
    secrets: dict[str, str] = Field(
        default={},
        description="Names of variables of the environment that hold the values of settings, as "
        "api_key: ACME_KEY.",
    )

    @contextmanager
    def opened(self, progress: Callable[[str], None]) -> Iterator[tuple[Store, Gemini]]:
        """Open the store and the client; errors of the block become failures with a remedy.

        Raises:
            dagster.Failure: an error of the block, with its remedy.
        """

        def visibly(line: str) -> None:
            progress(visible(line))

        with with_remedy():
            settings = Settings.load(
                root=self.root or None, given=self.settings, secrets=self.secrets
            )
            with opened(progress=visibly, settings=settings) as (store, gemini):
                yield store, gemini


class _Context(Protocol):
    """Whatever Dagster passes to an asset, an operation, a sensor or a schedule."""

    @property
    def resources(self) -> Any: ...


def lake_of(context: _Context, place: Place) -> LakeResource:
    """Return the lake of a place. Each place has its own key, so that lakes can stand together."""
    found = getattr(context.resources, place.resource)
    assert isinstance(found, LakeResource)
    return found
