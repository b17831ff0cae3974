"""The optional file dataset.toml beside a dataset's files: the dataset's own settings.

The listing reads it and keeps it in the ledger, so that all later steps work while the sources
are out of reach.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from semantic_assets.errors import ConfigError
from semantic_assets.model.backends import AUTO, CHOICES
from semantic_assets.model.catalog import embedding_model
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.parsing.records import Columns
from semantic_assets.text.chunking import ChunkSizes
from semantic_assets.text.fingerprint import fingerprint

FILE_NAME = "dataset.toml"
#: Files at a dataset's root that describe it and are no documents of it.
NOT_SOURCES = frozenset({FILE_NAME, "queries.jsonl", "qrels.tsv"})
#: Endings of such files: generation tasks of the dataset, and the schemas that tasks name.
NOT_SOURCE_ENDINGS = (".task.toml", ".schema.json")

MODES = ("async", "sync", "auto")
#: An estimate of tokens may be wrong by this factor before the model cuts a text off in silence.
_ESTIMATE_ERROR = 2.5
_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSettings:
    """One dataset's own settings. Field comments are the documentation of the keys."""

    #: `[chunking] max_tokens, min_tokens`: estimated tokens of a chunk.
    chunking: ChunkSizes = field(default_factory=ChunkSizes)
    #: `[columns] id, title, text, metadata`: names of the record files' columns.
    columns: Columns = field(default_factory=Columns)
    #: `[embedding] model, dimensions`; None: those of the settings.
    model: str | None = None
    dimensions: int | None = None
    #: `embed`: false if only generation tasks use it: nothing is split, embedded or indexed.
    embed: bool = True
    #: `mode`: `async` (batches at half price), `sync` (at once), or `auto`: `sync` if fewer
    #: than `auto_below_tokens` are pending.
    mode: str = "async"
    auto_below_tokens: int = 10_000
    #: `min_batch_size`: no batch job is formed for fewer texts.
    min_batch_size: int = 1
    #: `[budget] max_cost_usd_per_day, max_cost_usd_per_run`; None: only the settings' cap.
    max_cost_usd_per_day: float | None = None
    max_cost_usd_per_run: float | None = None
    #: `[index] backend`: its own backend; `auto`: that of the settings.
    index_backend: str = AUTO
    #: `[discovery] remove_after_hours`: hours its folder may be gone; None: those of the settings.
    remove_after_hours: float | None = None

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str = FILE_NAME) -> Self:
        """Return the settings in a parsed dataset.toml.

        Raises:
            ConfigError: a key is unknown, or its value does not fit; it names file, key and remedy.
        """
        values = {_KEYS[key]: _checked(key, value, where) for key, value in _flat(table, where)}
        chunking, columns = asdict(ChunkSizes()), asdict(Columns())
        for group in (chunking, columns):
            group.update({name: values.pop(name) for name in group if name in values})
        settings = cls(chunking=ChunkSizes(**chunking), columns=Columns(**columns), **values)
        _require_sizes(settings.chunking, where)
        return settings

    def require_model(self, model: str, dimensions: int, where: str) -> None:
        """Check that the model, by default `model`, takes the dimensions and chunks.

        Raises:
            ConfigError: the model is unknown or retired, or takes no such vectors or chunks.
        """
        named = self.model or model
        try:
            EmbeddingSpace.of(
                backend="emulator", model=named, dimensions=self.dimensions or dimensions
            )
        except ConfigError as error:
            raise ConfigError(f"{where}: [embedding]: {error}") from error
        most = int(embedding_model(named).max_input_tokens / _ESTIMATE_ERROR)
        if self.chunking.max_tokens > most:
            raise ConfigError(
                f"{where}: chunking.max_tokens = {self.chunking.max_tokens}: {named} would cut such "
                f"chunks off in silence; use at most {most}"
            )

    @property
    def columns_fingerprint(self) -> str:
        return _fingerprint(self.columns)

    @property
    def chunking_fingerprint(self) -> str:
        return _fingerprint(self.chunking)


def read_table(path: Path) -> dict[str, Any]:
    """Return the content of a dataset.toml; empty if the file is missing.

    Raises:
        ConfigError: it is not TOML; the message names the line.
        OSError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


#: Key in the file -> field of DatasetSettings, ChunkSizes or Columns.
_KEYS = {
    "embed": "embed",
    "mode": "mode",
    "auto_below_tokens": "auto_below_tokens",
    "min_batch_size": "min_batch_size",
    "chunking.max_tokens": "max_tokens",
    "chunking.min_tokens": "min_tokens",
    "columns.id": "record_id",
    "columns.title": "title",
    "columns.text": "text",
    "columns.metadata": "metadata",
    "embedding.model": "model",
    "embedding.dimensions": "dimensions",
    "budget.max_cost_usd_per_day": "max_cost_usd_per_day",
    "budget.max_cost_usd_per_run": "max_cost_usd_per_run",
    "index.backend": "index_backend",
    "discovery.remove_after_hours": "remove_after_hours",
}
_CHOICES = {"mode": MODES, "index.backend": CHOICES}
_WHOLE = {
    "auto_below_tokens": (0, _MOST),
    "min_batch_size": (1, 50_000),
    "chunking.max_tokens": (20, 20_000),
    "chunking.min_tokens": (0, 10_000),
    "embedding.dimensions": (1, 20_000),
}
_NUMBERS = {
    "budget.max_cost_usd_per_day": (0, _MOST),
    "budget.max_cost_usd_per_run": (0, _MOST),
    "discovery.remove_after_hours": (0, _MOST),
}


def _flat(table: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their values; raise ConfigError for unknown keys."""
    for name, value in table.items():
        group = f"{name}."
        if any(key.startswith(group) for key in _KEYS):
            if not isinstance(value, dict):
                raise ConfigError(f"{where}: {name} = {value!r}: write it as a table, [{name}]")
            keys = {f"{group}{inner}": inner_value for inner, inner_value in value.items()}
        else:
            keys = {name: value}
        for key in keys:
            _require_known(key, where)
        yield from keys.items()


def _require_known(key: str, where: str) -> None:
    if key in _KEYS:
        return
    # Match the whole key, its table, or its name if the table was left out.
    names = {known.rpartition(".")[2]: known for known in _KEYS}
    names |= {known.partition(".")[0]: known.partition(".")[0] for known in _KEYS}
    names |= {known: known for known in _KEYS}
    near = get_close_matches(key, names, 1) or get_close_matches(key.rpartition(".")[2], names, 1)
    remedy = f"did you mean {names[near[0]]}?" if near else f"known are {', '.join(_KEYS)}"
    raise ConfigError(f"{where}: there is no key {key}: {remedy}")


def _checked(key: str, value: Any, where: str) -> Any:
    if key in _CHOICES:
        needed = f"one of {', '.join(_CHOICES[key])}"
        fits = value in _CHOICES[key]
    elif key in _WHOLE or key in _NUMBERS:
        least, most = (_WHOLE | _NUMBERS)[key]
        needed = f"a {'whole ' if key in _WHOLE else ''}number from {least} to {most}"
        fits = _is_number(value, whole=key in _WHOLE) and least <= value <= most
    elif key == "embed":
        needed, fits = "true or false", isinstance(value, bool)
    elif key == "columns.metadata":
        needed = 'a list of column names, as ["author", "year"]'
        fits = isinstance(value, list) and all(isinstance(name, str) for name in value)
    else:
        needed = "a name in quotes"
        fits = isinstance(value, str) and bool(value.strip())
    if not fits:
        raise ConfigError(f"{where}: {key} = {value!r}: use {needed}")
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: Any, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)


def _require_sizes(sizes: ChunkSizes, where: str) -> None:
    if sizes.min_tokens * 2 > sizes.max_tokens:
        raise ConfigError(
            f"{where}: chunking.min_tokens = {sizes.min_tokens}: use at most half of max_tokens, "
            f"{sizes.max_tokens // 2}, or no split could satisfy both"
        )


def _fingerprint(group: ChunkSizes | Columns) -> str:
    return fingerprint(*(f"{item.name}={getattr(group, item.name)!r}" for item in fields(group)))
