"""Settings, and the only reader of the environment.

Every setting is `SEMANTIC_ASSETS_<NAME>` in the environment or in the project's `.env`; the
environment wins. Paths are resolved against the project, never against the working directory.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from semantic_assets.errors import ConfigError
from semantic_assets.model.backends import AUTO, CHOICES, QDRANT
from semantic_assets.model.catalog import enqueued_tokens
from semantic_assets.model.chat_models import CHAT_MODELS
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.objects.bucket import is_bucket_url

PREFIX = "SEMANTIC_ASSETS_"
GEMINI_URL = "https://generativelanguage.googleapis.com"
BACKENDS = ("emulator", "gemini")
_LEAST = {
    "dimensions": 1,
    "tier": 1,
    "enqueued_tokens": 1,
    "chat_enqueued_tokens": 1,
    "max_attempts": 1,
}
_S = TypeVar("_S", bound="Settings")


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: The folder of the task files. Default `data/tasks` of the project.
    tasks: Path
    #: `emulator` (default: local, free) or `gemini` (Google, costs money).
    backend: str = "emulator"
    #: GEMINI_API_KEY or GOOGLE_API_KEY. Alone it never spends: the backend must say `gemini`.
    api_key: str | None = field(default=None, repr=False)
    #: Base URL of the Gemini API.
    gemini_url: str = GEMINI_URL
    #: A running emulator's URL; without it the emulator is served inside the process.
    emulator_url: str | None = None
    #: The folder of the embedded emulator's state. Default: `emulator` beside the lake.
    emulator_dir: Path
    #: Seconds a job takes on the embedded emulator.
    emulator_latency_seconds: float = 3.0
    #: SQLAlchemy URL of the ledger. Default: SQLite inside the lake.
    ledger_url: str | None = field(default=None, repr=False)
    model: str = "gemini-embedding-001"
    dimensions: int = 768
    #: Paid tier of the account, 1 to 3: decides the window of enqueued tokens.
    tier: int = 1
    #: Your account's window of enqueued tokens, if it differs from the table's.
    enqueued_tokens: int | None = None
    #: The same for each chat model.
    chat_enqueued_tokens: int | None = None
    #: A text is FAILED after this many error rows.
    max_attempts: int = 3
    #: Standing consent for spending on the real backend; without it nothing is submitted there.
    max_cost_usd_per_day: float | None = None
    #: A run with a higher quote is refused before it sends anything.
    max_cost_usd_per_run: float | None = None
    #: Submit on the real backend though `probe` has not passed on this key.
    unprobed: bool = False
    #: `auto` (exact up to 50,000 rows, FAISS above), `exact`, `faiss`, `qdrant`, `lance`.
    index_backend: str = AUTO
    #: Qdrant's address, or a folder for its client's local mode (one process, for trying out).
    qdrant_url: str | None = field(default=None, repr=False)
    qdrant_api_key: str | None = field(default=None, repr=False)
    #: The place of Lance tables: a folder, s3:// or gs://. Default: beside the lake's indexes.
    lance_url: str | None = field(default=None, repr=False)
    #: Minutes `refresh` waits for batches before it exits with "waiting, run again".
    wait_minutes: float = 24 * 60.0
    #: Hours a dataset's folder may be missing or empty before a listing removes the dataset.
    remove_after_hours: float = 168.0

    @property
    def space(self) -> EmbeddingSpace:
        return EmbeddingSpace.of(backend=self.backend, model=self.model, dimensions=self.dimensions)

    @property
    def window_tokens(self) -> int:
        """The configured window of enqueued tokens of the model in the settings."""
        return self.window_of(self.model)

    def window_of(self, model: str) -> int:
        """Return the configured window of enqueued tokens of one model."""
        own = self.chat_enqueued_tokens if model in CHAT_MODELS else self.enqueued_tokens
        return own or enqueued_tokens(model, self.tier)

    @classmethod
    def load(
        cls,
        *,
        root: str | Path | None = None,
        ledger_url: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Load the environment and the project's `.env`; `root` and `ledger_url` win over both.

        Raises:
            ConfigError: a value does not fit its setting.
        """
        values = dict(_dotenv()) | dict(os.environ if environ is None else environ)
        lake, lake_url = _place(values, "ROOT", "data/lake", str(root or ""))
        sources, sources_url = _place(values, "SOURCES", "data/sources")
        beside = _path(values, "CACHE", "data/cache") if lake_url else lake
        settings = cls(
            root=lake,
            root_url=lake_url,
            sources=sources,
            sources_url=sources_url,
            tasks=_tasks(values),
            emulator_dir=_path(values, "EMULATOR_DIR", str(beside.parent / "emulator")),
            api_key=values.get("GEMINI_API_KEY") or values.get("GOOGLE_API_KEY") or None,
            emulator_url=values.get(PREFIX + "EMULATOR_URL") or None,
            unprobed=values.get(PREFIX + "UNPROBED", "").lower() in ("1", "true", "yes"),
            ledger_url=ledger_url or values.get(PREFIX + "LEDGER_URL") or None,
            qdrant_url=_address(values, "QDRANT_URL"),
            qdrant_api_key=values.get(PREFIX + "QDRANT_API_KEY") or None,
            lance_url=_address(values, "LANCE_URL"),
        )
        return _checked(replace(settings, **_overrides(values)))


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return variables that look like settings but are not: a misspelt cap is no cap."""
    values = dict(_dotenv()) | dict(os.environ if environ is None else environ)
    return sorted(
        name
        for name, value in values.items()
        if value and name.startswith(PREFIX) and name not in known_variables()
    )


def known_variables() -> set[str]:
    names = {one.name for one in fields(Settings)} - {"api_key", "root_url", "sources_url"}
    return {f"{PREFIX}{name.upper()}" for name in {*names, "cache"}}


def _overrides(values: Mapping[str, str]) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "backend": str,
        "gemini_url": str,
        "index_backend": str,
        "model": str,
        "dimensions": int,
        "tier": int,
        "enqueued_tokens": int,
        "chat_enqueued_tokens": int,
        "max_attempts": int,
        "emulator_latency_seconds": float,
        "max_cost_usd_per_day": float,
        "max_cost_usd_per_run": float,
        "wait_minutes": float,
        "remove_after_hours": float,
    }
    found: dict[str, Any] = {}
    for name, kind in kinds.items():
        raw = values.get(PREFIX + name.upper())
        if not raw:
            continue
        found[name] = raw if kind is str else _number(name, raw, kind)
    return found


def _number(name: str, raw: str, kind: type[int] | type[float]) -> float:
    variable = f"{PREFIX}{name.upper()}"
    try:
        number = kind(raw)
    except ValueError as error:
        raise ConfigError(f"{variable}={raw!r} is not a number") from error
    if not math.isfinite(number) or number < _LEAST.get(name, 0):
        raise ConfigError(f"{variable}={raw!r}: use a number from {_LEAST.get(name, 0)} on")
    return number


def _checked(settings: _S) -> _S:
    if settings.backend not in BACKENDS:
        raise ConfigError(f"{PREFIX}BACKEND={settings.backend!r}: use emulator or gemini")
    if settings.tier not in (1, 2, 3):
        raise ConfigError(f"{PREFIX}TIER={settings.tier}: use 1, 2 or 3")
    if settings.root_url and not str(settings.ledger_url).startswith("postgresql"):
        raise ConfigError(
            f"{PREFIX}ROOT={settings.root_url}: a lake in a bucket is for several machines, and "
            f"needs its ledger in Postgres: set {PREFIX}LEDGER_URL=postgresql://..."
        )
    if settings.index_backend not in CHOICES:
        raise ConfigError(
            f"{PREFIX}INDEX_BACKEND={settings.index_backend!r}: use {', '.join(CHOICES)}"
        )
    if settings.index_backend == QDRANT and settings.qdrant_url is None:
        raise ConfigError(f"{PREFIX}INDEX_BACKEND=qdrant needs {PREFIX}QDRANT_URL")
    _ = settings.space
    return settings


def project_dir() -> Path:
    """Return the checkout this package runs from: the folder of its pyproject.toml.

    Raises:
        ConfigError: the package is installed elsewhere; paths must then be set.
    """
    here = Path(__file__).resolve().parents[2]
    if not (here / "pyproject.toml").is_file():
        raise ConfigError(
            f"not running from a checkout: set {PREFIX}ROOT and {PREFIX}SOURCES to absolute paths, and "
            f"{PREFIX}CACHE where they are in a bucket"
        )
    return here


def _place(
    values: Mapping[str, str], name: str, default: str, given: str = ""
) -> tuple[Path, str | None]:
    """Return (local folder, URL of the bucket if it is one); `given` wins over the setting."""
    raw = given or values.get(PREFIX + name) or default
    if is_bucket_url(raw):
        url = raw.rstrip("/")
        return _path(values, "CACHE", "data/cache") / url.replace("://", "-").replace("/", "-"), url
    if "://" in raw:
        raise ConfigError(
            f"{PREFIX}{name}={raw!r}: use a folder, s3://BUCKET/... or gs://BUCKET/..."
        )
    path = Path(given).expanduser().resolve() if given else _path(values, name, default)
    return path, None


def _path(values: Mapping[str, str], name: str, default: str) -> Path:
    raw = Path(values.get(PREFIX + name) or default).expanduser()
    return raw if raw.is_absolute() else project_dir() / raw


def _tasks(values: Mapping[str, str]) -> Path:
    """Return the checkout's folder of tasks; without a checkout, `tasks` beside the sources."""
    try:
        return _path(values, "TASKS", "data/tasks")
    except ConfigError:
        return _place(values, "SOURCES", "")[0].parent / "tasks"


def _address(values: Mapping[str, str], name: str) -> str | None:
    """Return a URL unchanged, a folder as an absolute path."""
    raw = values.get(PREFIX + name) or None
    return raw if raw is None or "://" in raw else str(_path(values, name, ""))


def _dotenv() -> Mapping[str, str]:
    try:
        file = project_dir() / ".env"
    except ConfigError:
        return {}
    if not file.is_file():
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file).items() if value is not None}
