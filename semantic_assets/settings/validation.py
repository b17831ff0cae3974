"""What the settings classes share: a class says what each key takes, and a refusal repeats it.

A key's `description` completes "use ...". Every refusal is one line: where, which key, what to do.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from semantic_assets.errors import ConfigError

#: Of every settings class. What was given may be a secret, so pydantic's own texts never show it.
CONFIG: Final = ConfigDict(
    extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_by_name=True
)
#: Of those that are read from TOML, which has types of its own: no "1" for 1, no 1 for true.
TOML: Final = ConfigDict(**CONFIG, strict=True)
#: A string that is not blank.
NAME: Final = "a name in quotes", r"\S"
#: A secret of a server. Others failed at every call, as if the service were away, or were answered
#: to a caller in full by the library that could not write them into a header.
KEY: Final = (
    "the key as it was given to you: printable ASCII, no blank and no line break",
    r"^[!-~]+$",
)
_CHOICE = "one of "
_T = TypeVar("_T")


def takes(what: str, pattern: str | None = None) -> Any:
    """Return what a key takes, in words; the type says the rest, or a pattern."""
    return Field(pattern=pattern, description=what)


def one_of(*names: str) -> Any:
    """Return the constraint of a choice."""
    return takes(f"{_CHOICE}{', '.join(names)}", f"^({'|'.join(names)})$")


def number(least: int, most: int | None = None, kind: str = "a number") -> Any:
    """Return the constraint of a number."""
    end = "" if most is None else f" to {most}"
    return Field(ge=least, le=most, description=f"{kind} from {least}{end}")


def whole(least: int, most: int | None = None) -> Any:
    """Return the constraint of a whole number."""
    return number(least, most, "a whole number")


def at(key: str, default: Any = None) -> Any:
    """Return the default of a field that the file names otherwise, in a table: `table.key`."""
    return Field(default=default, validation_alias=key)


def keys_of(kind: Callable[..., object]) -> dict[str, FieldInfo]:
    """Return the fields of a settings class by their keys."""
    found: dict[str, FieldInfo] = kind.__pydantic_fields__  # type: ignore[attr-defined]
    return {str(field.validation_alias or name): field for name, field in found.items()}


def checked(kind: Callable[..., _T], values: Mapping[str, Any], begin: Callable[[str], str]) -> _T:
    """Make a settings class of raw values; `begin` writes a key as its refusal begins.

    Raises:
        ConfigError: a key is missing, or its value does not fit.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        key = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
    if key not in values:
        raise ConfigError(f"{begin(key).rstrip('= ')} is missing")
    field = keys_of(kind)[key]
    shown = repr(values[key]) if field.repr else "..."
    raise ConfigError(f"{begin(key)}{shown}: use {field.description}{_near_choice(field, shown)}")


def _near_choice(field: FieldInfo, shown: str) -> str:
    """Return which of its choices a misspelt value was meant to be; empty if the key has none."""
    begin, is_choice, names = str(field.description).partition(_CHOICE)
    if begin or not is_choice:
        return ""
    near = get_close_matches(shown.strip("'").lower(), names.split(", "), 1)
    return f"; did you mean {near[0]}?" if near else ""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is not TOML; the message names the line.
        OSError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def checked_toml(kind: Callable[..., _T], table: Mapping[str, Any], where: str) -> _T:
    """Make a settings class of a TOML table, whose inner tables are the groups of its keys.

    Raises:
        ConfigError: a key is unknown or missing, or its value does not fit.
    """
    known = keys_of(kind)
    groups = {key.partition(".")[0] for key in known if "." in key}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in groups:
            values[name] = value
        elif isinstance(value, dict):
            values |= {f"{name}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            raise ConfigError(f"{where}: {name} = {value!r}: write it as a table, [{name}]")
    for key in values:
        if key not in known:
            near = nearest(key, known)
            remedy = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
            raise ConfigError(f"{where}: there is no key {key}: {remedy}")
    return checked(kind, values, lambda key: f"{where}: {key} = ")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return what a misspelt name was meant to be: a key, its table, or a key without its table."""
    keys = tuple(known)
    names = {key.rpartition(".")[2]: key for key in keys}
    if "." not in name:
        names |= {table: table for table in (key.partition(".")[0] for key in keys)}
    names |= {key: key for key in keys}
    near = get_close_matches(name, names, 1) or get_close_matches(name.rpartition(".")[2], names, 1)
    return names[near[0]] if near else None
