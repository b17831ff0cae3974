"""The folder of a lake that somebody typed: a mistyped one is told, and nothing is made there.

Only `init` makes a lake in a folder that was typed and is not there, or that holds other things: a
second lake would pay for everything again.
"""

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

from semantic_assets.errors import ConfigError
from semantic_assets.lake import layout

#: Of these each lake has one: its ledger or the ledger's id, and before them keys of the API.
_SIGNS = (layout.LEDGER_FILE, layout.LEDGER_ID_FILE, layout.API_KEYS_FILE)
_LIKE = 0.6


def require_root(typed: str) -> None:
    """Check that a lake is in a folder, or that the folder was made for one and is empty.

    Raises:
        ConfigError: it is not there, or holds other things; the message names the nearest lake.
    """
    root = Path(typed).expanduser().resolve()
    if "://" in typed or _is_lake(root) or (root.is_dir() and not any(root.iterdir())):
        return
    near = next(_lakes_near(root), None)
    meant = f" (did you mean {near}?)" if near else ""
    raise ConfigError(
        f"there is no lake at {root}{meant}: `semantic-assets init --root {quote(typed)}` makes one"
    )


def _is_lake(folder: Path) -> bool:
    return any((folder / name).exists() for name in _SIGNS)


def _lakes_near(root: Path) -> Iterator[Path]:
    """Yield lakes inside of a folder, and those of names like the one that is not there."""
    if root.is_dir():
        yield from filter(_is_lake, sorted(_folders(root)))
    for missing in (root, *root.parents):
        if missing.parent.is_dir():
            names = {folder.name: folder for folder in _folders(missing.parent)}
            rest = root.relative_to(missing)
            near = get_close_matches(missing.name, names, 3, _LIKE)
            yield from filter(_is_lake, (names[name] / rest for name in near))
            return


def _folders(parent: Path) -> list[Path]:
    with suppress(OSError):
        return [path for path in parent.iterdir() if path.is_dir()]
    return []
