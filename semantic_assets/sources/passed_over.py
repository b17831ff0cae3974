"""What a listing passes over that was not excluded on purpose: each kind with its remedy."""

from enum import StrEnum

#: Names shown of each kind.
_SHOWN = 3


class PassedOver(StrEnum):
    """A kind of what is passed over, as JSON names it."""

    STRAY = "stray"
    HIDDEN = "hidden"
    NAME = "name"
    EMPTY = "empty"


#: Of each kind: what is so, of one and of many, and the remedy.
_TOLD = {
    PassedOver.STRAY: (
        "file is in no dataset's folder and is not read",
        "files are in no dataset's folder and are not read",
        "documents lie in PROJECT/DATASET/: move them there, or `semantic-assets add PATH --to "
        "PROJECT/DATASET` copies them",
    ),
    PassedOver.HIDDEN: (
        "name begins with a dot and is not read",
        "names begin with a dot and are not read",
        "rename them, or name them under [files] exclude in dataset.toml, with a ! before the "
        "pattern to read them",
    ),
    PassedOver.NAME: (
        "folder cannot be a project or a dataset and is not read",
        "folders cannot be a project or a dataset and are not read",
        "use only a-z, 0-9, '-' and '_', at most 100 of them; `semantic-assets add FOLDER` copies one "
        "under a name that is valid",
    ),
    PassedOver.EMPTY: (
        "folder has no file that is read",
        "folders have no file that is read",
        "put documents there or remove them",
    ),
}


def told(passed_over: dict[PassedOver, list[str]]) -> list[str]:
    """Return one line of each kind: the count, the first names and the remedy."""
    return [_line(kind, passed_over[kind]) for kind in PassedOver if passed_over.get(kind)]


def left_out(passed_over: dict[PassedOver, list[str]]) -> int:
    """Count the names that are not read; an empty folder leaves nothing out."""
    return sum(len(names) for kind, names in passed_over.items() if kind is not PassedOver.EMPTY)


def remedy_of(kind: PassedOver) -> str:
    """Return what to do about names of a kind."""
    return _TOLD[kind][2]


def fact_of(kind: PassedOver, count: int) -> str:
    """Return what is so of `count` names."""
    return f"{count} {_TOLD[kind][0 if count == 1 else 1]}"


def _line(kind: PassedOver, names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    shown = ", ".join(names[:_SHOWN]) + more
    return f"{fact_of(kind, len(names))} ({shown}): {remedy_of(kind)}"
