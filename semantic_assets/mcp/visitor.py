"""Who asks through MCP: what that one may read, and what that one is told of an error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semantic_assets.errors import ConfigError, SemanticAssetsError
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.pipeline.costs.callers import Caller


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
        self._require(key.project)
        return key

    def scope(self, names: Sequence[str]) -> Scope:
        """Return what names of datasets and projects stand for; of none, all that may be read.

        Raises:
            ConfigError: a name cannot be one, or is of another project.
        """
        named = Scope.parse(names)
        for project in (*named.projects, *(one.project for one in named.datasets)):
            self._require(project)
        if named or self.project is None:
            return named
        return Scope(projects=(self.project,))

    def _require(self, project: str) -> None:
        if self.project not in (None, project):
            raise ConfigError(
                f"project {project} is not read here, {self.project} alone is: name datasets that "
                "list_datasets shows"
            )
