"""Settings, and the only reader of the environment.

Every setting is `SEMANTIC_ASSETS_<NAME>` in the environment or in the project's `.env`; the
environment wins. Paths are resolved against the project, never against the working directory.
"""

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic.dataclasses import dataclass

from semantic_assets.batching.generation_requests import SCHEMA_FIELDS
from semantic_assets.errors import ConfigError
from semantic_assets.model.backends import AUTO, CHOICES, QDRANT
from semantic_assets.model.catalog import (
    AGENT_PLATFORM,
    EMULATOR,
    NO_WINDOW,
    SERVICES,
    enqueued_tokens,
    is_charged,
)
from semantic_assets.model.chat_models import is_chat_model
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.settings.folders import address, path, place, project_dir, tasks_folder
from semantic_assets.settings.given import given_variables
from semantic_assets.settings.validation import (
    CONFIG,
    KEY,
    checked,
    keys_of,
    number,
    one_of,
    takes,
    whole,
)
from semantic_assets.settings.variables import (
    KEY_NAMES,
    PREFIX,
    Misspelt,
    is_yes,
    misspelt,
    require_known,
)
from semantic_assets.text.foreign import scrubbed

__all__ = ["KEY_NAMES", "PREFIX", "Settings", "known_variables", "project_dir"]

#: All that a process that reads foreign files is told of this one's environment.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")
GEMINI_URL = "https://generativelanguage.googleapis.com"
API_VERSIONS = ("v1beta", "v1")
BACKENDS = (EMULATOR, *SERVICES)


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Settings:
    """The settings of a store. Field comments are the documentation of the settings."""

    #: The lake: a folder, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, which is then in `root_url`,
    #: and `root` is the folder of its local copies. Default `data/lake`.
    root: Path
    root_url: str | None = None
    #: The documents: `<sources>/<project>/<dataset>/...`, a folder or a bucket as well.
    #: Default `data/sources`.
    sources: Path
    sources_url: str | None = None
    #: `true`: links below the sources are followed wherever they lead, to folders too. Whoever may
    #: write there can then have any file read that this process may read.
    follow_links: bool = False
    #: The folder of the task files. Default `data/tasks` of the project.
    tasks: Path
    #: `emulator` (default: local, free), `gemini` (Google's Developer API, costs money) or
    #: `agent-platform` (Google's Agent Platform, costs money).
    backend: Annotated[str, one_of(*BACKENDS)] = "emulator"
    #: GEMINI_API_KEY or GOOGLE_API_KEY. Alone it never spends: the backend must say `gemini`.
    api_key: Annotated[str | None, takes(*KEY)] = field(default=None, repr=False)
    #: Base URL of the Gemini API.
    gemini_url: str = GEMINI_URL
    #: Version of the API. Every call of batches and files that was captured live is on v1beta.
    gemini_api_version: Annotated[str, one_of(*API_VERSIONS)] = "v1beta"
    #: Of the Agent Platform: the project and the location whose jobs run, and a gs:// prefix that
    #: this ledger alone uses, for inputs and answers. Credentials are those of Google's own tools.
    agent_project: str | None = None
    agent_location: str | None = None
    agent_staging: str | None = None
    #: Base URLs of the Agent Platform and of Cloud Storage; default: Google's own.
    agent_url: str | None = None
    storage_url: str | None = None
    #: A running emulator's URL; without it the emulator is served inside the process.
    emulator_url: str | None = None
    #: The folder of the embedded emulator's state. Default: `emulator` beside the lake.
    emulator_dir: Path
    #: How long a job takes on the embedded emulator.
    emulator_latency_seconds: Annotated[float, number(0)] = 3.0
    #: SQLAlchemy URL of the ledger. Default: SQLite inside the lake.
    ledger_url: str | None = field(default=None, repr=False)
    model: str = "gemini-embedding-001"
    dimensions: Annotated[int, whole(1)] = 768
    #: Paid tier of the account, 1 to 3: decides the window of enqueued tokens.
    tier: Annotated[int, whole(1, 3)] = 1
    #: Your account's window of enqueued tokens, where it differs from the table's.
    enqueued_tokens: Annotated[int | None, whole(1)] = None
    #: The same of a chat model, for every one of them.
    chat_enqueued_tokens: Annotated[int | None, whole(1)] = None
    #: How files spell the schema of a generation task: `probe --generate` says which is accepted.
    batch_schema_field: Annotated[str, one_of(*SCHEMA_FIELDS)] = SCHEMA_FIELDS[0]
    #: A text is FAILED after this many error rows.
    max_attempts: Annotated[int, whole(1)] = 3
    #: Standing consent for spending on the real backend; without it nothing is submitted there.
    max_cost_usd_per_day: Annotated[float | None, number(0)] = None
    #: The same of the Agent Platform alone, which the cap above then leaves out.
    agent_max_cost_usd_per_day: Annotated[float | None, number(0)] = None
    #: Search embeds each question in real time; this much a day needs no other consent. A
    #: question of 20 tokens costs about $0.000003.
    max_question_cost_usd_per_day: Annotated[float, number(0)] = 0.05
    #: A run that is quoted higher is refused before it sends anything.
    max_cost_usd_per_run: Annotated[float | None, number(0)] = None
    #: Submit on the real backend though `probe` has not passed on this key.
    unprobed: bool = False
    #: `auto` (exact up to 50,000 rows, FAISS above), `exact`, `faiss`, `qdrant`, `lance`.
    index_backend: Annotated[str, one_of(*CHOICES)] = AUTO
    #: Qdrant's address, or a folder for its client's local mode (one process, for trying out).
    qdrant_url: str | None = field(default=None, repr=False)
    qdrant_api_key: Annotated[str | None, takes(*KEY)] = field(default=None, repr=False)
    #: The place of Lance tables: a folder, s3:// or gs://. Default: beside the lake's indexes.
    lance_url: str | None = field(default=None, repr=False)
    #: How long `refresh` waits for batches before it exits with "waiting, run again".
    wait_minutes: Annotated[float, number(0)] = 24 * 60.0
    #: Tables of a shard from this size on get amendments: a small change writes what it
    #: changed. A plain glob then also sees rows that no longer count: see `docs/architecture.md`.
    amended_from_mb: Annotated[int, whole(0)] = 8
    #: How long a dataset's folder may be missing or empty before a listing removes the dataset.
    remove_after_hours: Annotated[float, number(0)] = 168.0

    @property
    def space(self) -> EmbeddingSpace:
        return self.space_of()

    def space_of(
        self,
        model: str | None = None,
        dimensions: int | None = None,
        service: str | None = None,
    ) -> EmbeddingSpace:
        """Return the space of a model and a size; those of the settings where none is given.

        Args:
            service: the one that a dataset names.
        """
        return EmbeddingSpace.of(
            backend=self.service_of(service),
            model=model or self.model,
            dimensions=dimensions or self.dimensions,
        )

    def service_of(self, named: str | None) -> str:
        """Return the backend of a dataset that names one of Google's services, or None.

        On the emulator all is the emulator's: a corpus on a laptop must cost nothing.
        """
        return named if named and is_charged(self.backend) else self.backend

    @property
    def services(self) -> tuple[str, ...]:
        """Return the backends that may be asked: the settings' own, and what else is set up."""
        if not is_charged(self.backend):
            return (self.backend,)
        others = [one for one in SERVICES if one != self.backend and not self.missing_for(one)]
        return (self.backend, *others)

    def missing_for(self, service: str) -> list[str]:
        """List the variables that one of Google's services needs and that are not set."""
        if service == AGENT_PLATFORM:
            names = ("agent_project", "agent_location", "agent_staging")
            return [f"{PREFIX}{one.upper()}" for one in names if not getattr(self, one)]
        return [] if self.api_key else [KEY_NAMES[0]]

    @property
    def window_tokens(self) -> int:
        """Return the configured window of enqueued tokens of the model in the settings."""
        return self.window_of(self.model)

    def window_of(self, model: str, service: str | None = None) -> int:
        """Return a model's configured window of enqueued tokens at a service; the platform has none."""
        if (service or self.backend) == AGENT_PLATFORM:
            return NO_WINDOW
        own = self.chat_enqueued_tokens if is_chat_model(model) else self.enqueued_tokens
        return own or enqueued_tokens(model, self.tier)

    @classmethod
    def load(
        cls,
        *,
        root: str | Path | None = None,
        ledger_url: str | None = None,
        environ: Mapping[str, str] | None = None,
        given: Mapping[str, object] = MappingProxyType({}),
        secrets: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Load the environment and the project's `.env`; what is passed wins over both.

        `given` has values, and `secrets` names of variables, by settings in lower case.

        Raises:
            ConfigError: a value does not fit its setting, or a variable is a misspelt setting.
        """
        values = _values(environ)
        values |= given_variables(given, secrets, known_settings(), values)
        require_known(values, known_variables())
        key_name = next((name for name in KEY_NAMES if values.get(name)), KEY_NAMES[0])
        lake, lake_url = place(values, "ROOT", "data/lake", str(root or ""))
        sources, sources_url = place(values, "SOURCES", "data/sources")
        beside = path(values, "CACHE", "data/cache") if lake_url else lake
        own = {key: raw for key in keys_of(cls) if (raw := values.get(PREFIX + key.upper()))}
        found = own | {
            "root": lake,
            "root_url": lake_url,
            "sources": sources,
            "sources_url": sources_url,
            "tasks": tasks_folder(values),
            "emulator_dir": path(values, "EMULATOR_DIR", str(beside.parent / "emulator")),
            "api_key": values.get(key_name) or None,
            **{name: is_yes(name, own.get(name)) for name in ("unprobed", "follow_links")},
            "ledger_url": ledger_url or own.get("ledger_url"),
            "qdrant_url": address(values, "QDRANT_URL"),
            "lance_url": address(values, "LANCE_URL"),
        }
        settings = checked(
            cls,
            found,
            lambda key: f"{key_name if key == 'api_key' else PREFIX + key.upper()}=",
        )
        settings._require_consistent()
        return settings

    def _require_consistent(self) -> None:
        """Hold settings against one another."""
        if self.root_url and not str(self.ledger_url).startswith("postgresql"):
            raise ConfigError(
                f"{PREFIX}ROOT={self.root_url}: a lake in a bucket is for several machines, and "
                f"needs its ledger in Postgres: set {PREFIX}LEDGER_URL=postgresql://..."
            )
        if self.index_backend == QDRANT and self.qdrant_url is None:
            raise ConfigError(f"{PREFIX}INDEX_BACKEND=qdrant needs {PREFIX}QDRANT_URL")
        if self.backend == AGENT_PLATFORM and (missing := self.missing_for(AGENT_PLATFORM)):
            raise ConfigError(f"{PREFIX}BACKEND=agent-platform needs {', '.join(missing)}")
        if self.agent_staging and not self.agent_staging.startswith("gs://"):
            raise ConfigError(
                f"{PREFIX}AGENT_STAGING={scrubbed(self.agent_staging)!r}: use gs://BUCKET/PREFIX"
            )
        _ = self.space


def misspelt_variables(environ: Mapping[str, str] | None = None) -> list[Misspelt]:
    """List the variables that look like settings and are none."""
    return [*misspelt(_values(environ), known_variables())]


def known_variables() -> set[str]:
    """Return every variable that is a setting, but Google's own of the key."""
    return {PREFIX + name.upper() for name in known_settings() if name != "api_key"}


def known_settings() -> dict[str, bool]:
    """Return every setting by its name in lower case, and whether its value is a secret."""
    derived = {"root_url", "sources_url"}
    fields = {name: field for name, field in keys_of(Settings).items() if name not in derived}
    return {"cache": False} | {name: not field.repr for name, field in fields.items()}


def _values(environ: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables of `.env`, and over them the environment's."""
    return _dotenv() | dict(os.environ if environ is None else environ)


def _dotenv() -> dict[str, str]:
    try:
        file = project_dir() / ".env"
    except ConfigError:
        return {}
    if not file.is_file():
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file).items() if value is not None}


def environment_of_readers() -> dict[str, str]:
    """Return the environment of processes that read foreign files: without our keys and passwords.

    A file that takes over its reader could have it give them away.
    """
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
