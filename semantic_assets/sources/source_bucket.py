"""Sources in a bucket: s3://BUCKET/PREFIX/<project>/<dataset>/..., read through local copies.

A copy's size and time tell contents apart as a file's do: the time is made of the ETag.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
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
class SourceBucket:
    """The sources in a bucket; `root` is the local folder for copies."""

    bucket: Bucket
    root: Path
    copies: Copies = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "copies", Copies(self.bucket, self.root / "sources"))

    @property
    def shown(self) -> str:
        return self.bucket.url

    def is_there(self) -> bool:
        """Return whether any project exists: a bucket has no empty folders."""
        return bool(self.projects())

    def projects(self) -> list[str]:
        return _named(self.bucket.inside("")[0])

    def datasets(self, project: str) -> list[str]:
        return _named(self.bucket.inside(f"{project}/")[0])

    def beside(self) -> dict[PassedOver, list[str]]:
        """Return the objects beside projects and datasets."""
        found: dict[PassedOver, list[str]] = {PassedOver.STRAY: [], PassedOver.HIDDEN: []}
        for prefix in ("", *(f"{project}/" for project in self.projects())):
            folders, items = self.bucket.inside(prefix)
            names = [item.name for item in items if not item.name.endswith("/")]
            for name in sorted([*names, *(f"{prefix}{folder}/" for folder in folders)]):
                base = name.rstrip("/").rpartition("/")[2]
                if kind := beside(base, is_folder=name.endswith("/")):
                    found[kind].append(name)
        return found

    def files(self, dataset: DatasetKey, selection: Selection) -> Listing:
        found, left_out = Listing(), set[str]()
        prefix = f"{dataset.project}/{dataset.dataset}/"
        for item in self.bucket.below(prefix):
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

    def about(self, dataset: DatasetKey) -> Path:
        """Copy the objects that describe a dataset to a local folder and return the folder."""
        folder = self.root / "about" / dataset.project / dataset.dataset
        there = {
            item.name.rpartition("/")[2]: item
            for item in self.bucket.inside(f"{dataset.project}/{dataset.dataset}/")[1]
            if is_about(item.name.rpartition("/")[2])
        }
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
