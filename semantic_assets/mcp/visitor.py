"""Who asks through MCP: what that one may read, and what that one is told of an error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semantic_assets.errors import ConfigError, NotFound, SemanticAssetsError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.callers import Caller
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person at this machine, or the owner of an API key."""

    #: The one project this visitor may read; None: all.
    project: str | None = None
    #: To whom a question is booked; None: to nobody in particular.
    caller: Caller | None = None
    #: Says an error in one line.
    told: Callable[[SemanticAssetsError], str] = str

    def dataset(self, name: str) -> DatasetKey:
        """Return the dataset of a name.

        Raises:
            ConfigError: it is no name of a dataset, or of another project.
        """
        key = DatasetKey.parse(name)
        if self.project not in (None, key.project):
            raise ConfigError(
                f"{key} is outside project {self.project}, which is all that can be read here: "
                "name a dataset that list_datasets shows"
            )
        return key

    def datasets(self, store: Store, names: Sequence[str]) -> tuple[DatasetKey, ...]:
        """Return the datasets of names of datasets and projects; of none, none."""
        known = store.ledger.sources.datasets()
        found: list[DatasetKey] = []
        for name in names:
            if "/" in name or "." in name:
                found.append(self.dataset(name))
                continue
            its = [one for one in known if one.project == self.dataset(f"{name}/any").project]
            if not its:
                raise NotFound(f"there is no project {name}")
            found += its
        return tuple(dict.fromkeys(found))
