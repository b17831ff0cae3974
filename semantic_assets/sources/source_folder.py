"""Sources in a local folder: <root>/<project>/<dataset>/..."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.source_file import source_path, within_root
from semantic_assets.settings.selection import Selection
from semantic_assets.sources.listing import (
    Listing,
    list_about,
    list_beside,
    list_files,
    list_folders,
)
from semantic_assets.sources.passed_over import PassedOver


@dataclass(frozen=True, slots=True)
class SourceFolder:
    root: Path
    #: Links are followed wherever they lead, to files and to folders.
    follows_links: bool = False

    @property
    def shown(self) -> str:
        return str(self.root)

    def listed_once(self) -> "SourceFolder":
        """Return these sources; a bucket is listed here once for all questions that follow."""
        return self

    def is_there(self) -> bool:
        return self.root.is_dir()

    def projects(self) -> list[str]:
        return list_folders(self.root)

    def datasets(self, project: str) -> list[str]:
        """Return the names of a project's datasets.

        Raises:
            OSError: the folder cannot be read.
        """
        return list_folders(self.root / project)

    def beside(self) -> dict[PassedOver, list[str]]:
        """Return what lies beside projects and datasets."""
        return list_beside(self.root)

    def files(self, dataset: DatasetKey, selection: Selection) -> Listing:
        """Return the files of a dataset.

        Raises:
            OSError: a folder cannot be read.
        """
        folder = self.about(dataset)
        return list_files(self.root, folder, selection, follows_links=self.follows_links)

    def about_names(self, dataset: DatasetKey) -> frozenset[str]:
        """Return the names of the files that describe a dataset; none if its folder is missing.

        Raises:
            OSError: the folder cannot be read.
        """
        return list_about(self.about(dataset))

    def about(self, dataset: DatasetKey) -> Path:
        """Return the folder with a dataset's settings, judged questions and tasks."""
        return self.root / dataset.project / dataset.dataset

    def local(self, uri: str) -> Path:
        """Return the file of a uri; it may be missing.

        Raises:
            Unreadable: it is a link that leads out of the root.
        """
        path = source_path(self.root, uri)
        return path if self.follows_links else within_root(self.root, path)

    def bring(self, uris: Iterable[str]) -> None:
        """Return at once: the files are local already."""
