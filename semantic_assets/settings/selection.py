"""The choice of a dataset's files by patterns as git writes them: defaults, settings, .semanticignore.

Of all patterns the last that fits decides, and one that begins with `!` takes files in again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Self

from pathspec import GitIgnoreSpec

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import INGESTED
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.source_file import open_source

#: At the root of a dataset's folder, with patterns of its own.
IGNORE_FILE = ".semanticignore"
_MAX_IGNORE_BYTES = 1 << 20
#: More stars could take a pattern minutes on one name.
_MAX_STARS, _MAX_STARS_BETWEEN_SLASHES = 8, 3
#: What tools leave beside documents. Excluded on purpose, unless a later pattern takes it in.
DEFAULTS = (
    *("node_modules/", "bower_components/", "__pycache__/", ".venv/", "venv/", "*.egg-info/"),
    *("build/", "dist/", "target/", ".git/", ".hg/", ".svn/", ".tox/", ".nox/", ".cache/"),
    *(".idea/", ".vscode/", ".ipynb_checkpoints/", ".*_cache/", ".git", ".gitignore"),
    *(".gitattributes", ".gitmodules", ".gitkeep", ".keep", ".editorconfig", "*.lock"),
    *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", ".DS_Store", "._*"),
    *("Thumbs.db", "desktop.ini", "*~", ".#*", "~$*", ".~lock.*", "*.swp"),
)


class Verdict(StrEnum):
    READ = "read"
    #: A pattern excludes it.
    EXCLUDED = "excluded"
    #: Its name begins with a dot, and no pattern says anything of it.
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read below one dataset's folder; paths are relative to it, folders end with `/`."""

    patterns: GitIgnoreSpec
    #: Files that none of these fits are excluded; None: all are taken.
    include: GitIgnoreSpec | None = None
    _folders: dict[str, Verdict] = field(default_factory=dict)

    @classmethod
    def of(
        cls, include: Sequence[str] | None = None, exclude: Sequence[str] = (), where: str = ""
    ) -> Self:
        """Make a selection of patterns in addition to the defaults.

        Raises:
            ConfigError: a pattern is not valid; the message names the key and the pattern.
        """
        taken = None if include is None else _compiled(include, f"{where}: files.include")
        return cls(_defaults() + _compiled(exclude, f"{where}: files.exclude"), taken)

    def with_ignore_file(self, path: Path, where: str) -> Self:
        """Return the selection with the patterns of a dataset's .semanticignore, if it is there.

        Raises:
            ConfigError: it cannot be read, or a line of it is not valid.
        """
        lines = _lines(path, where)
        if not lines:
            return self
        return type(self)(self.patterns + _compiled(lines, where), self.include)

    def of_entry(self, path: str) -> Verdict:
        """Return the verdict on a file or folder in a folder that is read."""
        if path.startswith(f"{INGESTED}/"):  # handed over by calls
            hidden = path.rstrip("/").rpartition("/")[2].startswith(".")
            return Verdict.EXCLUDED if hidden else Verdict.READ
        found = self.patterns.check_file(path).include
        if found:
            return Verdict.EXCLUDED
        if found is None and path.rstrip("/").rpartition("/")[2].startswith("."):
            return Verdict.HIDDEN
        is_left = self.include is not None and not path.endswith("/")
        if is_left and not (self.include and self.include.match_file(path)):
            return Verdict.EXCLUDED
        return Verdict.READ

    def of_path(self, path: str) -> tuple[Verdict, str]:
        """Return the verdict on a file by its whole path, and the file or folder that it is on."""
        slash = path.find("/")
        while slash >= 0:
            folder = path[: slash + 1]
            if folder not in self._folders:
                self._folders[folder] = self.of_entry(folder)
            if self._folders[folder] is not Verdict.READ:
                return self._folders[folder], folder
            slash = path.find("/", slash + 1)
        return self.of_entry(path), path


@cache
def _defaults() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(DEFAULTS)


def _compiled(patterns: Sequence[str], where: str) -> GitIgnoreSpec:
    for number, pattern in enumerate(patterns, start=1):
        between = max((part.count("*") for part in pattern.split("/")), default=0)
        if pattern.count("*") > _MAX_STARS or between > _MAX_STARS_BETWEEN_SLASHES:
            raise ConfigError(
                f"{where}: pattern {pattern[:80]!r}: use at most {_MAX_STARS} stars, "
                f"{_MAX_STARS_BETWEEN_SLASHES} of them between two slashes"
            )
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error) as error:
            raise ConfigError(
                f"{where}: pattern {number}, {pattern[:80]!r}, is not valid ({error}): write it as "
                "in a .gitignore"
            ) from error
    return GitIgnoreSpec.from_lines(patterns)


def _lines(path: Path, where: str) -> list[str]:
    if not path.is_file() and not path.is_symlink():
        return []
    try:
        with open_source(path) as file:
            raw = file.read(_MAX_IGNORE_BYTES + 1)
    except Unreadable as error:
        raise ConfigError(f"{where}: {error}") from error
    if len(raw) > _MAX_IGNORE_BYTES:
        raise ConfigError(f"{where}: has more than {_MAX_IGNORE_BYTES:,} bytes: shorten it")
    return raw.decode("utf-8-sig", errors="replace").splitlines()
