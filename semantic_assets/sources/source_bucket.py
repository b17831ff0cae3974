"""Sources in a bucket: s3://BUCKET/PREFIX/<project>/<dataset>/..., read through local copies.

A copy's size and time tell contents apart as a file's do: the time is made of the ETag.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from pathlib import Path

from semantic_assets.model.keys import DatasetKey
from semantic_assets.objects.bucket import Bucket, Stored
from semantic_assets.objects.copies import Copies, time_of
from semantic_assets.settings.selection import Selection, Verdict
from semantic_assets.sources.listing import ListedFile, Listing, beside, is_about, mark_of
from semantic_assets.sources.passed_over import PassedOver

#: A small object costs the store tens of milliseconds, and this machine next to nothing.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Listed:
    """All objects of a bucket as they were at one moment, asked like the bucket."""

    items: list[Stored]
    names: list[str]

    def below(self, prefix: str) -> Iterator[Stored]:
        first = bisect_left(self.names, prefix)
        found = islice(self.items, first, None)
        return takewhile(lambda item: item.name.startswith(prefix), found)

    def inside(self, prefix: str) -> tuple[list[str], list[Stored]]:
        folders, files = dict[str, None](), []
        for item in self.below(prefix):
            name, slash, _ = item.name.removeprefix(prefix).partition("/")
            if slash:
                folders[name] = None
            else:
                files.append(item)
        return sorted(folders), files


@dataclass(frozen=True, slots=True)
class SourceBucket:
    """The sources in a bucket; `root` is the local folder for copies."""

    bucket: Bucket
    root: Path
    _names: _Listed | None = None
    copies: Copies = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "copies", Copies(self.bucket, self.root / "sources"))

    @property
    def shown(self) -> str:
        return self.bucket.url

    def listed_once(self) -> "SourceBucket":
        """Return the same as one listing shows it: each 1,000 names are one call."""
        items = sorted(self.bucket.below(""), key=lambda item: item.name)
        return replace(self, _names=_Listed(items, [item.name for item in items]))

    @property
    def _asked(self) -> Bucket | _Listed:
        return self.bucket if self._names is None else self._names

    def is_there(self) -> bool:
        """Return whether any project exists: a bucket has no empty folders."""
        return bool(self.projects())

    def projects(self) -> list[str]:
        return _named(self._asked.inside("")[0])

    def datasets(self, project: str) -> list[str]:
        return _named(self._asked.inside(f"{project}/")[0])

    def beside(self) -> dict[PassedOver, list[str]]:
        """Return the objects beside projects and datasets."""
        found: dict[PassedOver, list[str]] = {PassedOver.STRAY: [], PassedOver.HIDDEN: []}
        for prefix in ("", *(f"{project}/" for project in self.projects())):
            folders, items = self._asked.inside(prefix)
            names = [item.name for item in items if not item.name.endswith("/")]
            for name in sorted([*names, *(f"{prefix}{folder}/" for folder in folders)]):
                base = name.rstrip("/").rpartition("/")[2]
                if kind := beside(base, is_folder=name.endswith("/")):
                    found[kind].append(name)
        return found

    def files(self, dataset: DatasetKey, selection: Selection) -> Listing:
        found, left_out = Listing(), set[str]()
        prefix = f"{dataset.project}/{dataset.dataset}/"
        for item in self._asked.below(prefix):
            name = item.name.removeprefix(prefix)
            if ("/" not in name and is_about(name)) or name.endswith("/") or not name:
                continue  # some tools leave a placeholder for each folder
            verdict, of = selection.of_path(name)
            if verdict is Verdict.READ:
                etag = mark_of(item.size, time_of(item.etag))
                found.files[item.name] = ListedFile(item.name, item.size, etag)
            elif of not in left_out:
                left_out.add(of)
                found.leave_out(prefix + of, verdict)
        return found

    def about_names(self, dataset: DatasetKey) -> frozenset[str]:
        """Return the names of the objects that describe a dataset."""
        return frozenset(self._about(dataset))

    def _about(self, dataset: DatasetKey) -> dict[str, Stored]:
        inside = self._asked.inside(f"{dataset.project}/{dataset.dataset}/")[1]
        named = ((item.name.rpartition("/")[2], item) for item in inside)
        return {name: item for name, item in named if is_about(name)}

    def about(self, dataset: DatasetKey) -> Path:
        """Copy the objects that describe a dataset to a local folder and return the folder."""
        folder = self.root / "about" / dataset.project / dataset.dataset
        there = self._about(dataset)
        for path in folder.glob("*"):
            if path.name not in there:
                path.unlink(missing_ok=True)
        for name, item in there.items():
            self._bring_here(item, folder / name)
        return folder

    def local(self, uri: str) -> Path:
        """Return a local file with the current content of a uri; it may be missing."""
        try:
            return self.copies.fetch(uri)
        except FileNotFoundError:
            return self.root / "sources" / "gone" / uri

    def bring(self, uris: Iterable[str]) -> None:
        """Fetch copies of these uris, several at once, before they are read."""

        def fetch(uri: str) -> None:
            with suppress(FileNotFoundError):
                self.copies.fetch(uri)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(fetch, uris))

    def _bring_here(self, item: Stored, path: Path) -> None:
        is_here = path.is_file() and path.stat().st_mtime_ns == time_of(item.etag)
        if not is_here:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                self.copies.fetch(item.name).replace(path)


def _named(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith(".")]
