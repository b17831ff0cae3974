"""Task files: `NAME.toml` in the folder of tasks, or `NAME.task.toml` beside a dataset's files.

The whole file is checked when it is read, before anything is sent: the model, which must not be
retired, the fields the prompt names, the schema, and every key.
"""

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
from pydantic import Strict, StringConstraints
from pydantic.dataclasses import dataclass as validated

from semantic_assets.batching.prompts import require_template
from semantic_assets.batching.response_schema import wire_schema
from semantic_assets.errors import ConfigError
from semantic_assets.model.chat_models import chat_model
from semantic_assets.model.keys import DatasetKey, checked_name
from semantic_assets.model.task import GenerationTask, TaskUse, canonical, in_order
from semantic_assets.settings.validation import (
    NAME,
    TOML,
    at,
    checked_toml,
    number,
    read_toml,
    takes,
    whole,
)

SUFFIX, BESIDE = ".toml", ".task.toml"
_OUTPUT_TOKENS = 256

_Name = Annotated[str | None, takes("a name in quotes")]
_Texts = Annotated[tuple[str, ...] | None, Strict(False), takes("a list of texts")]
_Number = Annotated[float | None, takes("a number")]
_Whole = Annotated[int | None, takes("a whole number")]
_Pattern = Annotated[str, StringConstraints(pattern="^[^/]*/[^/]*$")]


@validated(frozen=True, slots=True, kw_only=True, config=TOML)
class _Keys:
    """What a task file may say."""

    model: Annotated[str, takes(*NAME)]
    system: Annotated[str | None, takes("a text in quotes")] = None
    prompt: Annotated[str, takes("a text in quotes", r"\S")]
    media: Annotated[bool, takes("true or false")] = False
    datasets: Annotated[
        tuple[_Pattern, ...], Strict(False), takes("a list of project/dataset, with * for any")
    ] = ()
    schema: Annotated[dict[str, Any] | None, takes("a JSON Schema, as a table")] = None
    schema_file: _Name = None
    schema_model: _Name = None
    temperature: _Number = at("generation.temperature")
    top_p: _Number = at("generation.top_p")
    top_k: _Whole = at("generation.top_k")
    seed: _Whole = at("generation.seed")
    max_output_tokens: _Whole = at("generation.max_output_tokens")
    stop_sequences: _Texts = at("generation.stop_sequences")
    thinking_budget: _Whole = at("generation.thinking_budget")
    thinking_level: _Name = at("generation.thinking_level")
    media_resolution: _Name = at("generation.media_resolution")
    vector_text: _Texts = at("use.vector_text")
    documents: _Name = at("use.documents")
    expected_output_tokens: Annotated[int | None, whole(0)] = at("use.expected_output_tokens")
    max_cost_usd_per_day: Annotated[float | None, number(0)] = at("budget.max_cost_usd_per_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A task, its use and its datasets, as read from its file."""

    task: GenerationTask
    use: TaskUse
    #: `project/dataset`, with `*` for any: datasets that the task processes on its own.
    datasets: tuple[str, ...] = ()

    def on(self, backend: str) -> "TaskFile":
        """Return the same, to be worked on by a backend."""
        return replace(self, task=replace(self.task, backend=backend))

    def takes(self, dataset: DatasetKey) -> bool:
        return any(fnmatchcase(str(dataset), pattern) for pattern in self.datasets)


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """The tasks of files, by name; a file that cannot be used stops its own task alone."""

    valid: dict[str, TaskFile] = field(default_factory=dict)
    #: Why each of the others cannot be used; the reason names file, key and remedy.
    broken: dict[str, str] = field(default_factory=dict)

    def under(self, nearer: "TaskFiles") -> "TaskFiles":
        """Return these tasks, of which those that are nearer to a dataset take the place."""
        valid = {name: file for name, file in self.valid.items() if name not in nearer.broken}
        broken = {name: why for name, why in self.broken.items() if name not in nearer.valid}
        return TaskFiles(valid | nearer.valid, broken | nearer.broken)


def read_tasks(folder: Path, *, backend: str) -> TaskFiles:
    """Read the tasks of a folder; none if the folder is missing."""
    return _read_all(folder, SUFFIX, backend, None)


def read_tasks_beside(folder: Path, dataset: DatasetKey, *, backend: str) -> TaskFiles:
    """Read the tasks beside a dataset's files, which are for it alone."""
    return _read_all(folder, BESIDE, backend, dataset)


def _read_all(folder: Path, suffix: str, backend: str, only: DatasetKey | None) -> TaskFiles:
    found = TaskFiles()
    for path in sorted(folder.glob(f"*{suffix}")) if folder.is_dir() else []:
        name = path.name.removesuffix(suffix)
        if name.startswith("."):
            continue  # an editor's, of a file that is being written
        try:
            found.valid[name] = read_task(path, name, backend=backend, only=only)
        except ConfigError as error:
            found.broken[name] = str(error)
        except OSError as error:
            found.broken[name] = (
                f"{path} cannot be read: {error.strerror or error}: mend its rights"
            )
    return found


def read_task(path: Path, name: str, *, backend: str, only: DatasetKey | None = None) -> TaskFile:
    """Read one task file; a `schema_file` is looked for beside it.

    Raises:
        ConfigError: a key is unknown or missing, or its value does not fit.
        OSError: the file cannot be read.
    """
    table, where = read_toml(path), str(path)
    checked_name(name, f"{where}: task")
    keys = checked_toml(_Keys, table, where)
    if only is not None and "datasets" in table:
        raise ConfigError(f"{where}: it is for {only} alone: remove datasets")
    require_template(keys.prompt, is_media=keys.media, where=where)
    schema = _schema(keys, path)
    _require_model(keys, where)
    task = GenerationTask(
        name=name,
        backend=backend,
        model=keys.model,
        prompt=keys.prompt,
        system_instruction=keys.system,
        response_schema=None if schema is None else in_order(schema),
        # As it is written: 1 and 1.0 are other bytes, and so another task.
        generation_config=canonical(table.get("generation", {})),
        is_media=keys.media,
    )
    datasets = keys.datasets if only is None else (str(only),)
    return TaskFile(task=task, use=_use(keys, schema, where), datasets=datasets)


def _require_model(keys: _Keys, where: str) -> None:
    try:
        model = chat_model(keys.model)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    limit = keys.max_output_tokens
    if limit is not None and not 1 <= limit <= model.max_output_tokens:
        raise ConfigError(
            f"{where}: generation.max_output_tokens = {limit}: use 1 to {model.max_output_tokens}"
        )


def _schema(keys: _Keys, path: Path) -> dict[str, Any] | None:
    given = {
        key: value
        for key in ("schema", "schema_file", "schema_model")
        if (value := getattr(keys, key)) is not None
    }
    if len(given) > 1:
        raise ConfigError(f"{path}: {' and '.join(given)} are both given: keep one")
    if not given:
        return None
    ((key, value),) = given.items()
    try:
        schema = _SCHEMAS[key](value, path.parent)
        jsonschema_rs.validator_for(schema)
        wire_schema(schema)
    except (ConfigError, OSError, ValueError, RecursionError) as error:
        named = key if key == "schema" else f"{key} {value}"
        raise ConfigError(f"{path}: {named}: {error}") from error
    return schema


def _from_file(value: str, folder: Path) -> dict[str, Any]:
    found = json.loads((folder / value).read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ConfigError("it holds no object")
    return found


def _from_model(value: str, _folder: Path) -> dict[str, Any]:
    """Take the schema of `package.module:Model`, a Pydantic model."""
    module, _colon, name = value.partition(":")
    try:
        found: dict[str, Any] = getattr(importlib.import_module(module), name).model_json_schema()
    except Exception as error:  # a person's module, which may fail in any way when it is imported
        raise ConfigError(
            f"{type(error).__name__}: {error}; write it as package.module:Model"
        ) from error
    return found


_SCHEMAS: dict[str, Callable[[Any, Path], dict[str, Any]]] = {
    "schema": lambda value, _folder: value,
    "schema_file": _from_file,
    "schema_model": _from_model,
}


def _use(keys: _Keys, schema: Mapping[str, Any] | None, where: str) -> TaskUse:
    fields = keys.vector_text or ()
    known = (schema or {}).get("properties", {})
    for used in (*fields, *([keys.documents] if keys.documents else [])):
        if used not in known:
            names = ", ".join(known) or "none"
            raise ConfigError(f"{where}: use names {used!r}, the schema's properties are {names}")
    expected = keys.expected_output_tokens
    if expected is None:
        expected = min(_OUTPUT_TOKENS, keys.max_output_tokens or _OUTPUT_TOKENS)
    return TaskUse(
        vector_text=fields,
        documents=keys.documents,
        expected_output_tokens=expected,
        max_cost_usd_per_day=keys.max_cost_usd_per_day,
    )
