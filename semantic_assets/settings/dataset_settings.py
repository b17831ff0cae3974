"""The optional file dataset.toml beside a dataset's files: the dataset's own settings.

The listing reads it and keeps it in the ledger, so that all later steps work while the sources
are out of reach.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pathspec import GitIgnoreSpec
from pydantic import BeforeValidator, Strict
from pydantic.dataclasses import dataclass

from semantic_assets.errors import ConfigError
from semantic_assets.model.backends import AUTO, CHOICES
from semantic_assets.model.catalog import SERVICES, embedding_model
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Mode
from semantic_assets.parsing.records import Columns, ReadingOptions
from semantic_assets.settings.selection import IGNORE_FILE, Selection, compiled
from semantic_assets.settings.validation import (
    NAME,
    TOML,
    at,
    checked_toml,
    number,
    one_of,
    read_toml,
    takes,
    whole,
)
from semantic_assets.text.chunking import MAX_TOKENS, MIN_TOKENS, ChunkSizes
from semantic_assets.text.fingerprint import fingerprint
from semantic_assets.text.kinds import TextKind

FILE_NAME = "dataset.toml"
#: Files at a dataset's root that describe it and are no documents of it.
NOT_SOURCES = frozenset({FILE_NAME, IGNORE_FILE, "queries.jsonl", "qrels.tsv"})
#: Endings of such files: generation tasks of the dataset, and the schemas that tasks name.
NOT_SOURCE_ENDINGS = (".task.toml", ".schema.json")

MODES = tuple(Mode)
HTML_CONTENTS = ("main", "all")
#: An estimate of tokens may be wrong by this factor before the model cuts a text off in silence.
_ESTIMATE_ERROR = 2.5
_MOST = 1_000_000_000
_Amount = Annotated[float | None, number(0, _MOST)]
_Name = Annotated[str, takes(*NAME)]
_PATTERNS = takes('a list of patterns as in a .gitignore, as ["drafts/", "*.log"]')
_OwnName = Annotated[str | None, takes(*NAME)]
_Names = Annotated[
    tuple[str, ...] | None,
    Strict(False),
    takes('a list of column names, as ["author", "year"]'),
]
#: What the text of records is, by the word for it.
_KINDS = {"plain": TextKind.PLAIN, "markdown": TextKind.MARKUP}
_FORMATS = one_of(*_KINDS)


def _in_small_letters(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True, config=TOML)
class FileColumns:
    """The columns of some of a dataset's record files; None: as in `[columns]`."""

    #: A pattern of paths below the dataset, as in `[files]`.
    glob: _Name
    record_id: _OwnName = at("id")
    title: _OwnName = None
    text: _OwnName = None
    metadata: _Names = None
    format: Annotated[str | None, _FORMATS] = None


@dataclass(frozen=True, slots=True, kw_only=True, config=TOML)
class DatasetSettings:
    """One dataset's own settings. Field comments are the documentation of the keys."""

    #: `embed`: false where only generation tasks work on it: nothing is cut, embedded or indexed.
    embed: Annotated[bool, takes("true or false")] = True
    #: `transcribe`: true to have a model write down scanned PDFs and pictures (priced by `estimate`).
    transcribe: Annotated[bool, takes("true or false")] = False
    #: `backend`: the service of Google that works on it, `gemini` or `agent-platform`, where it is
    #: not that of the settings; under `emulator` all goes to the emulator.
    backend: Annotated[str | None, one_of(*SERVICES)] = None
    #: `mode`: `async` (batches at half price), `sync` (at once), or `auto`: `sync` where fewer
    #: than `auto_below_tokens` are pending.
    mode: Annotated[str, BeforeValidator(_in_small_letters), one_of(*MODES)] = "async"
    auto_below_tokens: Annotated[int, whole(0, _MOST)] = 10_000
    #: `min_batch_size`: texts below which no batch job is formed.
    min_batch_size: Annotated[int, whole(1, 50_000)] = 1
    #: `[chunking]`: estimated tokens of a chunk.
    max_tokens: Annotated[int, whole(20, 20_000)] = at("chunking.max_tokens", MAX_TOKENS)
    min_tokens: Annotated[int, whole(0, 10_000)] = at("chunking.min_tokens", MIN_TOKENS)
    #: `[columns]`: which columns of record files mean what.
    record_id: _Name = at("columns.id", "id")
    title: _Name = at("columns.title", "title")
    text: _Name = at("columns.text", "text")
    metadata: _Names = at("columns.metadata")
    #: `[columns] format`: what the text of records is.
    record_format: Annotated[str, _FORMATS] = at("columns.format", "plain")
    #: `[[columns.files]]`: columns of some files; the first glob that fits counts.
    column_files: Annotated[
        tuple[FileColumns, ...],
        Strict(False),
        takes("tables that begin with [[columns.files]]"),
    ] = at("columns.files", ())
    #: `[html] content`: `main` leaves navigation, notices and lists of links out; `all` keeps them.
    html_content: Annotated[str, one_of(*HTML_CONTENTS)] = at("html.content", HTML_CONTENTS[0])
    #: `[files]`: patterns of what is read; `include` None: everything that is not excluded.
    include: Annotated[tuple[str, ...] | None, Strict(False), _PATTERNS] = at("files.include")
    exclude: Annotated[tuple[str, ...], Strict(False), _PATTERNS] = at("files.exclude", ())
    #: `[embedding]`; None: as the settings say.
    model: Annotated[str | None, takes(*NAME)] = at("embedding.model")
    dimensions: Annotated[int | None, whole(1, 20_000)] = at("embedding.dimensions")
    #: `[budget]`; None: only the settings' cap.
    max_cost_usd_per_day: _Amount = at("budget.max_cost_usd_per_day")
    max_cost_usd_per_run: _Amount = at("budget.max_cost_usd_per_run")
    #: `[index] backend`: one of its own; `auto` as the settings say.
    index_backend: Annotated[str, one_of(*CHOICES)] = at("index.backend", AUTO)
    #: `[discovery]`: how long its folder may be gone; None: as the settings say.
    remove_after_hours: _Amount = at("discovery.remove_after_hours")

    @property
    def has_budget(self) -> bool:
        """True where the dataset has a cap of its own, so that its texts share no job."""
        return (self.max_cost_usd_per_day, self.max_cost_usd_per_run) != (None, None)

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str = FILE_NAME) -> Self:
        """Read the settings a table stands for.

        Raises:
            ConfigError: a key is unknown, or its value does not fit; it names file, key and remedy.
        """
        settings = checked_toml(cls, _with_file_columns(table, where), where)
        if settings.min_tokens * 2 > settings.max_tokens:
            raise ConfigError(
                f"{where}: chunking.min_tokens = {settings.min_tokens}: use at most half of "
                f"max_tokens, {settings.max_tokens // 2}, or no cut could satisfy both"
            )
        if settings.include is not None or settings.exclude:
            Selection.of(settings.include, settings.exclude, where)
        return settings

    @property
    def chunking(self) -> ChunkSizes:
        return ChunkSizes(self.max_tokens, self.min_tokens)

    @property
    def columns(self) -> Columns:
        return Columns(
            record_id=self.record_id, title=self.title, text=self.text, metadata=self.metadata
        )

    def columns_of(self, path: str) -> Columns:
        """Return the columns of a record file by its path below the dataset."""
        found = self._of_file(path)
        return self.columns if found is None else self._columns_of(found)

    def record_kind_of(self, path: str) -> TextKind:
        """Return what the text of a file's records is, by its path below the dataset."""
        found = self._of_file(path)
        return _KINDS[(found and found.format) or self.record_format]

    def _of_file(self, path: str) -> FileColumns | None:
        return next((one for one in self.column_files if _fits(one.glob, path)), None)

    def _columns_of(self, files: FileColumns) -> Columns:
        own = {item.name: getattr(files, item.name) for item in fields(Columns)}
        return replace(
            self.columns, **{key: value for key, value in own.items() if value is not None}
        )

    @property
    def reading_options(self) -> ReadingOptions:
        return ReadingOptions(html_content=self.html_content)

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
        if self.max_tokens > most:
            raise ConfigError(
                f"{where}: chunking.max_tokens = {self.max_tokens}: {named} would cut such "
                f"chunks off in silence; use at most {most}"
            )

    @property
    def columns_fingerprint(self) -> str:
        own = (f"{one.glob}={self._columns_of(one)!r}" for one in self.column_files)
        return fingerprint(*_parts(self.columns), *own)

    @property
    def options_fingerprint(self) -> str:
        return fingerprint(*_parts(self.reading_options))

    @property
    def chunking_fingerprint(self) -> str:
        of_files = [f"{one.glob}={one.format}" for one in self.column_files if one.format]
        is_plain = self.record_format == "plain" and not of_files
        formats = [] if is_plain else [self.record_format, *of_files]
        return fingerprint(*_parts(self.chunking), *formats)


def read_table(path: Path) -> dict[str, Any]:
    """Return the content of a dataset.toml; empty if the file is missing.

    Raises:
        ConfigError: it is not TOML; the message names the line.
        OSError: it cannot be read.
    """
    try:
        return read_toml(path)
    except FileNotFoundError:
        if path.is_symlink():  # without its settings a dataset may cost what it should not
            raise
        return {}


def _with_file_columns(table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    columns = table.get("columns")
    files = columns.get("files") if isinstance(columns, dict) else None
    if not isinstance(columns, dict) or not isinstance(files, list):
        return table
    if not all(isinstance(one, dict) for one in files):
        return table
    read = [checked_toml(FileColumns, one, f"{where}: [[columns.files]]") for one in files]
    compiled([one.glob for one in read], f"{where}: [[columns.files]] glob")
    return {**table, "columns": {**columns, "files": read}}


def _fits(glob: str, path: str) -> bool:
    return _pattern(glob).match_file(path)


@lru_cache
def _pattern(glob: str) -> GitIgnoreSpec:
    return compiled((glob,), "columns.files")


def _parts(group: ChunkSizes | Columns | ReadingOptions) -> list[str]:
    return [f"{item.name}={getattr(group, item.name)!r}" for item in fields(group)]
