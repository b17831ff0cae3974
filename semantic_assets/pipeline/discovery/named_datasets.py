"""The datasets that somebody names: `project/dataset`, or a project for all of its own.

A name that nothing has is an error everywhere: nothing is done on another one, or on all.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches

from semantic_assets.errors import ConfigError, UnknownName
from semantic_assets.intake.inbox import Inbox
from semantic_assets.model.keys import DatasetKey, is_name
from semantic_assets.store import Store

_SHOWN = 3
#: Two names as like one that was typed are both shown.
_CLOSE = 0.85


def named_datasets(
    store: Store,
    names: Iterable[str],
    *,
    may_see: Callable[[DatasetKey], bool] = lambda dataset: True,
) -> tuple[DatasetKey, ...]:
    """Return the datasets of these names, each once; of no names none, which stands for all.

    Args:
        may_see: of which datasets a message may speak.

    Raises:
        UnknownName: there is no such dataset or project; the message names the nearest.
        ConfigError: a name can be none.
    """
    given = [name.strip().rstrip("/") for name in names]
    asked = [_parsed(name) for name in given]
    rows = {key for key in store.ledger.datasets.rows() if may_see(key)}
    if all(key in rows for key in asked):
        return tuple(dict.fromkeys(key for key in asked if key is not None))
    known = sorted(rows | {key for key in _not_listed(store) if may_see(key)})
    found: list[DatasetKey] = []
    for name, key in zip(given, asked, strict=True):
        of_name = [key] if key in known else _of_project(store, name, known)
        if not of_name:
            raise _unknown(name, known)
        found += [one for one in of_name if one is not None]
    return tuple(dict.fromkeys(found))


def near_a_new_one(store: Store, name: str) -> str:
    """Return what a dataset that no listing has seen may have been meant to be; empty: it is known."""
    known, key = sorted(map(str, store.ledger.datasets.rows())), str(_parsed(name))
    near = [] if key in known else get_close_matches(key, known, 1, _CLOSE)
    if not near:
        return ""
    return f"{key} is a new dataset; there is {near[0]} too: if that was meant, say --to {near[0]}"


def named_dataset(store: Store, names: Sequence[str]) -> DatasetKey:
    """Return the one dataset that is named, or that a project named has.

    Raises:
        ConfigError: it is none, or several.
    """
    found = named_datasets(store, names)
    if len(found) != 1:
        several = f", not {_listed(found)}" if found else ", as PROJECT/DATASET"
        raise ConfigError(f"name one dataset{several}")
    return found[0]


def _parsed(name: str) -> DatasetKey | None:
    """Return the dataset that a name may be; None: it may be a project, or nothing."""
    with suppress(ConfigError):
        return DatasetKey.parse(name)
    return None


def _not_listed(store: Store) -> set[DatasetKey]:
    """Return the datasets that no listing has seen yet: folders, and texts handed over."""
    found = set(Inbox.all(store.lake.root))
    with suppress(OSError):  # sources that are out of reach: what the ledger knows is known
        for project in filter(is_name, store.sources.projects()):
            found |= {
                DatasetKey(project, one) for one in store.sources.datasets(project) if is_name(one)
            }
    return found


def _of_project(
    store: Store, name: str, known: Sequence[DatasetKey]
) -> Sequence[DatasetKey | None]:
    """Return the datasets of a project, without those that were taken out by name."""
    rows = store.ledger.datasets.rows()
    return [
        one for one in known if one.project == name and not (one in rows and rows[one].is_removed)
    ]


def _unknown(name: str, known: Sequence[DatasetKey]) -> UnknownName:
    what = "dataset" if "/" in name or "." in name else "project"
    if not known:
        return UnknownName(
            f"there is no {what} {name}, and none at all: `semantic-assets add FOLDER` brings one in"
        )
    told = nearest_told(name, known) or f": there is {_listed(known)}"
    return UnknownName(f"there is no {what} {name}{told}")


def nearest_told(name: str, known: Sequence[DatasetKey]) -> str:
    """Return what a mistyped name was meant to be, as the end of a message; empty: nothing."""
    near = _near(name, known)
    return f": did you mean {' or '.join(near)}?" if near else ""


def _near(name: str, known: Sequence[DatasetKey]) -> list[str]:
    names = {str(one): str(one) for one in known} | {one.project: one.project for one in known}
    plain = name.lower().replace(".", "/", 1)
    close = get_close_matches(plain, names, 2, _CLOSE) or get_close_matches(plain, names, 1)
    found = [names[one] for one in close]
    last = plain.rpartition("/")[2]
    by_last = {one.dataset: str(one) for one in known}
    return found or [by_last[one] for one in get_close_matches(last, by_last, 1)]


def _listed(known: Sequence[DatasetKey]) -> str:
    more = len(known) - _SHOWN
    shown = [*map(str, known[:_SHOWN]), *([f"{more} more"] if more > 0 else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
