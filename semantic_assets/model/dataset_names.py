"""Datasets as a search names them: `project/dataset`, or a project for all that it has."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from semantic_assets.errors import UnknownName
from semantic_assets.model.keys import DatasetKey, checked_name

_NAMED = 8


def datasets_named(names: Sequence[str], known: Collection[DatasetKey]) -> tuple[DatasetKey, ...]:
    """Return the datasets that these names stand for, each once, in the order of the names.

    Raises:
        ConfigError: a name is neither `project` nor `project/dataset`.
        UnknownName: none of the known datasets has it; the message names the nearest.
    """
    return tuple(dict.fromkeys(key for name in names for key in _named(name, known)))


def _named(name: str, known: Collection[DatasetKey]) -> list[DatasetKey]:
    if "/" in name or "." in name:
        key = DatasetKey.parse(name)
        found = [key] if key in known else []
    else:
        checked_name(name, "project")
        found = sorted(one for one in known if one.project == name)
    if not found:
        raise UnknownName(f"there is no dataset or project {name!r}: {_near(name, known)}")
    return found


def _near(name: str, known: Collection[DatasetKey]) -> str:
    names = sorted({str(one) for one in known} | {one.project for one in known})
    near = get_close_matches(name.replace(".", "/", 1), names, 3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = ", ..." if len(names) > _NAMED else ""
    return f"known are {', '.join(names[:_NAMED])}{more}" if names else "there is none yet"
