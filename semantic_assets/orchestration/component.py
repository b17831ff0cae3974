"""The component: one corpus in somebody's project of Dagster, written as YAML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components import Scaffolder, ScaffoldRequest, scaffold_component
from pydantic import Field

from semantic_assets.errors import ConfigError
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.settings.require import require_settings


class Budget(dg.Model, dg.Resolvable):
    """What may be spent on the corpus at Google; no caps, no consent."""

    max_cost_usd_per_day: float | None = Field(
        default=None, description="Standing consent; without it nothing is sent to Google."
    )
    max_cost_usd_per_run: float | None = Field(
        default=None, description="A run that is quoted higher is refused before it sends anything."
    )


class _CorpusScaffolder(Scaffolder[Any]):
    """Writes a corpus of its own: lake, sources, prefix and group have the component's name."""

    def scaffold(self, request: ScaffoldRequest[Any]) -> None:
        name = request.target_path.stem if request.append else request.target_path.name
        attributes = {
            "root": f"data/{name}/lake",
            "sources": f"data/{name}/sources",
            "key_prefix": name,
            "group": name,
        }
        scaffold_component(request, attributes)


@dg.scaffold_with(_CorpusScaffolder)
class CorpusComponent(dg.Component, dg.Model, dg.Resolvable):
    """Documents of one root, kept embedded through the Gemini Batch API and searchable.

    Several stand in one project when their key prefixes differ.
    """

    root: str = Field(description="The lake: a folder, from the project's on, or s3://, gs://.")
    sources: str = Field(
        description="The documents, as `<sources>/<project>/<dataset>/...`: a folder, or a bucket."
    )
    key_prefix: str | Sequence[str] = Field(
        default="",
        description="Begins the keys of assets and the names of jobs, sensors and schedules.",
    )
    group: str | None = Field(
        default=None, description="Group of the assets; default: semantic_assets."
    )
    backend: str | None = Field(
        default=None,
        description="`emulator` (local, free) or `gemini`; default: SEMANTIC_ASSETS_BACKEND.",
    )
    budget: Budget | None = Field(
        default=None,
        description="What may be spent at Google; a dataset has its own in its dataset.toml.",
    )
    schedule: str | None = Field(
        default=None,
        description="When the sources are listed, as a cron line; default: only by the sensor.",
    )
    settings: dict[str, bool | int | float | str] = Field(
        default={},
        description="Other settings of docs/settings.md, by their names in lower case: they win "
        "over the environment.",
    )
    secrets: dict[str, str] = Field(
        default={},
        description="Names of variables that hold the values of settings, as api_key: ACME_KEY.",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the assets, jobs, sensors and schedules of the corpus.

        Raises:
            ConfigError: a value cannot be used; the message names the file and the key.
        """
        try:
            return build_definitions(
                self._lake(context.project_root),
                key_prefix=self.key_prefix,
                group=self.group,
                schedule=self.schedule,
            )
        except ConfigError as error:
            where = context.path.relative_to(context.project_root)
            raise ConfigError(f"{where}: {error}") from None

    def _lake(self, project: Path) -> LakeResource:
        """Return the lake; relative paths begin at the project, wherever Dagster was started."""
        sources = _below(project, self.sources)
        budget = self.budget or Budget()
        own = {
            "tasks": _tasks_beside(sources),
            "backend": self.backend,
            "max_cost_usd_per_day": budget.max_cost_usd_per_day,
            "max_cost_usd_per_run": budget.max_cost_usd_per_run,
        }
        given = {name: value for name, value in own.items() if value is not None}
        _require_once(given, self.settings)
        given |= self.settings | {"sources": sources}
        written = {name: _written(value) for name, value in given.items()}
        require_settings(written, self.secrets)
        return LakeResource(root=_below(project, self.root), settings=written, secrets=self.secrets)


def _below(project: Path, place: str) -> str:
    return place if "://" in place else str(project / Path(place).expanduser())


def _require_once(own: Mapping[str, object], settings: Mapping[str, object]) -> None:
    """Refuse a key that is written twice: of two caps, one would count and one be believed."""
    for name in ("root", "sources", *own):
        if name in settings and name != "tasks":
            raise ConfigError(f"settings: {name} has a key of its own: write it once, there")


def _tasks_beside(sources: str) -> str | None:
    """Return the folder of task files of this corpus alone; a bucket has none beside it."""
    return None if "://" in sources else str(Path(sources).parent / "tasks")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
