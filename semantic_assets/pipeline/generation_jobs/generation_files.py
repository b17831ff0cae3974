"""Files given to `generate submit`: each becomes a dataset of its own, `generate/NAME`.

So a file of any size has shards, a ledger and all guarantees; submitted again, only its changes
cost. Nothing of it is split or embedded.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from semantic_assets.errors import ConfigError
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.formats import is_multi_record
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.generation_jobs.generate import ask_all
from semantic_assets.settings.dataset_settings import FILE_NAME
from semantic_assets.store import Store
from semantic_assets.system.durable import make_folder, replacing

PROJECT = "generate"
_SETTINGS = "# Made by `generate submit FILE`: only generation tasks work on it.\nembed = false\n"
_NOT_NAME = re.compile(r"[^a-z0-9_-]+")


def dataset_of_file(path: Path, name: str | None) -> DatasetKey:
    """Return the dataset `generate/NAME`; the name is taken from the file by default.

    Raises:
        ConfigError: the name is invalid, or none can be made from the file's.
    """
    if name is None:
        name = _NOT_NAME.sub("-", path.name.split(".")[0].lower()).strip("-")[:100]
    if not name:
        raise ConfigError(f"{path}: no name can be made of that: give one with --name")
    return DatasetKey(PROJECT, name)


def datasets_of_files(store: Store) -> set[DatasetKey]:
    """Return the datasets that were made of submitted files, and are nothing else; by one query.

    No run of Dagster works on them: `generate submit` reads them, and an advance brings in answers.
    """
    every = store.all_dataset_settings().items()
    return {key for key, own in every if key.project == PROJECT and not own.embed}


def take_file(store: Store, path: Path, dataset: DatasetKey) -> None:
    """Store the file as the only source of its dataset.

    Raises:
        ConfigError: it is not a file of records, or cannot be read.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    if not is_multi_record(path.name):
        raise ConfigError(f"{path}: use .json (an array), .jsonl, .csv or .parquet")
    _take(store, dataset, [Document(path)], keep={path.name})


def take_documents(store: Store, documents: Sequence[Document], dataset: DatasetKey) -> None:
    """Store these documents as the only sources of a dataset; earlier ones are removed.

    Raises:
        ConfigError: one of them cannot be read; nothing is sent.
    """
    _take(store, dataset, documents, keep={document.name for document in documents})


@contextmanager
def on_approval(store: Store, dataset: DatasetKey) -> Iterator[Callable[[], None]]:
    """Yield `approve`; sources replaced inside the block are restored unless it is called.

    Until then the dataset's tasks are stopped: a process that advances all datasets would send
    requests without consent. After a kill they stay stopped, at their version, until submitted again.
    """
    pinned, folder = store.ledger.tasks.of(dataset), _folder(store, dataset)
    if not pinned or not folder.is_dir():
        yield lambda: None
        return
    approved: list[bool] = []

    def approve() -> None:
        for one in pinned:
            store.ledger.tasks.resume(dataset, one.task.name)
        approved.append(True)

    with TemporaryDirectory(prefix="semantic-assets-") as kept:
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        for one in pinned:
            store.ledger.tasks.stop(dataset, one.task.name)
        try:
            yield approve
        finally:
            if not approved:
                _put_back(Path(kept), folder)
                for one in pinned:
                    ask_all(store, dataset, one.task)
                approve()


def _put_back(kept: Path, folder: Path) -> None:
    before = {path.relative_to(kept) for path in kept.rglob("*") if path.is_file()}
    for name in sorted(before):
        make_folder((folder / name).parent)
        with replacing(folder / name) as temporary:
            shutil.copyfile(kept / name, temporary)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder) not in before:
            path.unlink()


def _folder(store: Store, dataset: DatasetKey) -> Path:
    if store.settings.sources_url:
        raise ConfigError(
            f"a FILE cannot be submitted while the sources are in a bucket: put it as a dataset "
            f"under {store.sources.shown}/ and submit that with --dataset"
        )
    return store.settings.sources / dataset.project / dataset.dataset


def _take(
    store: Store, dataset: DatasetKey, documents: Sequence[Document], *, keep: set[str]
) -> None:
    folder = _folder(store, dataset)
    make_folder(folder)
    if not (folder / FILE_NAME).exists():
        with replacing(folder / FILE_NAME) as temporary:
            temporary.write_text(_SETTINGS)
    with Ingestion(store, dataset) as ingestion:
        done = ingestion.put(documents, overwrite=True)
        if errors := [one.error for one in done if one.error is not None]:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise ConfigError(f"{errors[0]}{more}: nothing was sent")
        for held in ingestion.held():
            if held.name not in keep:
                ingestion.remove(held.name)
