"""Task files: `NAME.toml` in the folder of tasks, or `NAME.task.toml` beside a dataset's files.

The whole file is checked when it is read, before anything is sent: the model, which must not be
retired, the fields the prompt names, the schema, and every key.
"""

import importlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jsonschema_rs

from semantic_assets.batching.prompts import require_template
from semantic_assets.batching.response_schema import wire_schema
from semantic_assets.errors import ConfigError
from semantic_assets.model.chat_models import chat_model
from semantic_assets.model.keys import DatasetKey, checked_name
from semantic_assets.model.task import GenerationTask, TaskUse, canonical, in_order

SUFFIX, BESIDE = ".toml", ".task.toml"
_OUTPUT_TOKENS = 256

#: Key -> the kinds of value it takes.
_KEYS: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "system": (str,),
    "prompt": (str,),
    "media": (bool,),
    "datasets": (list,),
    "schema": (dict,),
    "schema_file": (str,),
    "schema_model": (str,),
    "generation.temperature": (int, float),
    "generation.top_p": (int, float),
    "generation.top_k": (int,),
    "generation.seed": (int,),
    "generation.max_output_tokens": (int,),
    "generation.stop_sequences": (list,),
    "generation.thinking_budget": (int,),
    "generation.thinking_level": (str,),
    "generation.media_resolution": (str,),
    "use.vector_text": (list,),
    "use.documents": (str,),
    "use.expected_output_tokens": (int,),
    "budget.max_cost_usd_per_day": (int, float),
}
_GROUPS = ("generation", "use", "budget")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A task, its use and its datasets, as read from its file."""

    task: GenerationTask
    use: TaskUse
    #: `project/dataset`, with `*` for any: datasets that the task processes on its own.
    datasets: tuple[str, ...] = ()

    def takes(self, dataset: DatasetKey) -> bool:
        return any(fnmatchcase(str(dataset), pattern) for pattern in self.datasets)


def read_tasks(folder: Path, *, backend: str) -> dict[str, TaskFile]:
    """Read the tasks of a folder, by name; none if the folder is missing.

    Raises:
        ConfigError: a file is invalid; the message names file, key and remedy.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    return {path.stem: read_task(path, path.stem, backend=backend) for path in paths}


def read_tasks_beside(folder: Path, dataset: DatasetKey, *, backend: str) -> dict[str, TaskFile]:
    """Read the tasks beside a dataset's files, which are for it alone, by name.

    Raises:
        ConfigError: as `read_tasks`.
    """
    found = {}
    for path in sorted(folder.glob(f"*{BESIDE}")) if folder.is_dir() else []:
        name = path.name.removesuffix(BESIDE)
        found[name] = read_task(path, name, backend=backend, only=dataset)
    return found


def read_task(path: Path, name: str, *, backend: str, only: DatasetKey | None = None) -> TaskFile:
    """Read one task file.

    Raises:
        ConfigError: it is invalid.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    return task_of(table, name, backend=backend, where=str(path), folder=path.parent, only=only)


def task_of(
    table: Mapping[str, Any],
    name: str,
    *,
    backend: str,
    where: str,
    folder: Path,
    only: DatasetKey | None = None,
) -> TaskFile:
    """Return the task in a parsed file; `schema_file` is relative to `folder`.

    Raises:
        ConfigError: a key is unknown, or its value does not fit.
    """
    checked_name(name, f"{where}: task")
    values = _flat(table, where)
    for needed in ("model", "prompt"):
        if not values.get(needed):
            raise ConfigError(f"{where}: {needed} is missing")
    if only is not None and "datasets" in values:
        raise ConfigError(f"{where}: it is for {only} alone: remove datasets")
    is_media = values.get("media", False)
    require_template(values["prompt"], is_media=is_media, where=where)
    schema = _schema(values, folder, where)
    _require_model(values, where)
    task = GenerationTask(
        name=name,
        backend=backend,
        model=values["model"],
        prompt=values["prompt"],
        system_instruction=values.get("system"),
        response_schema=None if schema is None else in_order(schema),
        generation_config=canonical(_group(values, "generation")),
        is_media=is_media,
    )
    patterns = [str(only)] if only is not None else values.get("datasets", [])
    return TaskFile(task=task, use=_use(values, schema, where), datasets=_patterns(patterns, where))


def _flat(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key in _GROUPS and not isinstance(value, dict):
            raise ConfigError(f"{where}: {key} = {value!r}: write it as a table, [{key}]")
        inner = (
            {f"{key}.{name}": v for name, v in value.items()} if key in _GROUPS else {key: value}
        )
        found |= inner
    for key, value in found.items():
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(_KEYS)}"
            raise ConfigError(f"{where}: there is no key {key}: {remedy}")
        is_stray_bool = isinstance(value, bool) and bool not in _KEYS[key]
        if not isinstance(value, _KEYS[key]) or is_stray_bool:
            kinds = " or ".join(kind.__name__ for kind in _KEYS[key])
            raise ConfigError(f"{where}: {key} = {value!r}: use a value of type {kinds}")
        if isinstance(value, list) and not all(isinstance(one, str) for one in value):
            raise ConfigError(f"{where}: {key} = {value!r}: use a list of strings")
    return found


def _group(values: Mapping[str, Any], group: str) -> dict[str, Any]:
    start = f"{group}."
    return {key.removeprefix(start): v for key, v in values.items() if key.startswith(start)}


def _require_model(values: Mapping[str, Any], where: str) -> None:
    try:
        model = chat_model(values["model"])
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    limit = values.get("generation.max_output_tokens", 1)
    if not 1 <= limit <= model.max_output_tokens:
        raise ConfigError(
            f"{where}: generation.max_output_tokens = {limit}: use 1 to {model.max_output_tokens}"
        )


def _schema(values: Mapping[str, Any], folder: Path, where: str) -> dict[str, Any] | None:
    named = [key for key in ("schema", "schema_file", "schema_model") if key in values]
    if len(named) > 1:
        raise ConfigError(f"{where}: {' and '.join(named)} are both given: keep one")
    if not named:
        return None
    schema = _SCHEMAS[named[0]](values[named[0]], folder, where)
    try:
        jsonschema_rs.validator_for(schema)
        wire_schema(schema)
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"{where}: {named[0]}: {error}") from error
    return schema


def _inline(value: dict[str, Any], folder: Path, where: str) -> dict[str, Any]:
    return value


def _from_file(value: str, folder: Path, where: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / value).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where}: schema_file {value}: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: schema_file {value}: it holds no object")
    return found


def _from_model(value: str, folder: Path, where: str) -> dict[str, Any]:
    """Return the schema of a Pydantic model, named as `package.module:Model`."""
    module, _colon, name = value.partition(":")
    try:
        model = getattr(importlib.import_module(module), name)
        found: dict[str, Any] = model.model_json_schema()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"{where}: schema_model {value!r}: {error}; write it as package.module:Model"
        ) from error
    return found


_SCHEMAS: dict[str, Callable[[Any, Path, str], dict[str, Any]]] = {
    "schema": _inline,
    "schema_file": _from_file,
    "schema_model": _from_model,
}


def _use(values: Mapping[str, Any], schema: Mapping[str, Any] | None, where: str) -> TaskUse:
    fields = tuple(values.get("use.vector_text", ()))
    documents = values.get("use.documents")
    known = (schema or {}).get("properties", {})
    for field in (*fields, *([documents] if documents else [])):
        if field not in known:
            names = ", ".join(known) or "none"
            raise ConfigError(f"{where}: use names {field!r}, the schema's properties are {names}")
    for key in ("use.expected_output_tokens", "budget.max_cost_usd_per_day"):
        if not values.get(key, 0) >= 0:  # nor is nan
            raise ConfigError(f"{where}: {key} = {values[key]}: use a number from 0")
    most = values.get("generation.max_output_tokens", _OUTPUT_TOKENS)
    return TaskUse(
        vector_text=fields,
        documents=documents,
        expected_output_tokens=values.get("use.expected_output_tokens", min(_OUTPUT_TOKENS, most)),
        max_cost_usd_per_day=values.get("budget.max_cost_usd_per_day"),
    )


def _patterns(patterns: list[Any], where: str) -> tuple[str, ...]:
    for pattern in patterns:
        if not isinstance(pattern, str) or pattern.count("/") != 1:
            raise ConfigError(
                f"{where}: datasets names {pattern!r}: write project/dataset, with * for any"
            )
    return tuple(patterns)
