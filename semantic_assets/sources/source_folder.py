"""Sources in a folder of this machine: <root>/<project>/<dataset>/..."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.source_file import source_path
from semantic_assets.sources.listing import Listing, list_files, list_folders, list_stray


@dataclass(frozen=True, slots=True)
class SourceFolder:
    root: Path

    @property
    def shown(self) -> str:
        return str(self.root)

    def is_there(self) -> bool:
        return self.root.is_dir()

    def projects(self) -> list[str]:
        return list_folders(self.root)

    def datasets(self, project: str) -> list[str]:
        """Raises:
        OSError: the folder cannot be read.
        """
        return list_folders(self.root / project)

    def stray(self) -> list[str]:
        """Files beside projects and beside datasets."""
        return list_stray(self.root)

    def files(self, dataset: DatasetKey) -> Listing:
        """Raises:
        OSError: a folder cannot be read.
        """
        return list_files(self.root, self.about(dataset))

    def about(self, dataset: DatasetKey) -> Path:
        """A folder with the files that tell of a dataset: settings, judged questions, tasks."""
        return self.root / dataset.project / dataset.dataset

    def local(self, uri: str) -> Path:
        """A file of this machine with the content of a uri now; it need not be there."""
        return source_path(self.root, uri)

    def bring(self, uris: Iterable[str]) -> None:
        """These are about to be read: they are here."""
