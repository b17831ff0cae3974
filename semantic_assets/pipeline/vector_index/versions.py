"""List the versions of an index, find parts the next build can link, and drop old versions."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import BrokenFile, SemanticAssetsError
from semantic_assets.index.broken_index import opening
from semantic_assets.index.description import Description, PartEntry
from semantic_assets.index.opened_version import backend_of
from semantic_assets.index.parts import open_part
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import BUILDING, BUILT, SERVING, IndexVersion
from semantic_assets.model.backends import QDRANT
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.vector_index.serving import (
    description_of,
    path_of,
)
from semantic_assets.pipeline.vector_index.shard_part import OldPart
from semantic_assets.store import Store
from semantic_assets.system.checksums import require_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexVersionRow:
    dataset: str
    number: int
    state: str
    backend: str
    space: str
    rows: int
    created_at: float
    #: When it was last switched to; None: never.
    served_at: float | None
    #: It was chosen by hand: only new embeddings, or `index build`, replace it.
    is_held: bool
    #: The name by which other programs find the serving version, if the backend has one.
    alias: str | None


def index_versions(store: Store, *, datasets: tuple[DatasetKey, ...] = ()) -> list[IndexVersionRow]:
    """List the index versions of these datasets or of all, newest first."""
    return [
        _row(store, one)
        for dataset in datasets or tuple(store.ledger.sources.datasets())
        for one in store.ledger.index_versions.list(dataset)
    ]


def _row(store: Store, one: IndexVersion) -> IndexVersionRow:
    return IndexVersionRow(
        dataset=str(one.dataset),
        number=one.number,
        state=one.state,
        backend=one.backend,
        space=one.space_id,
        rows=one.rows,
        created_at=one.created_at,
        served_at=one.served_at,
        is_held=one.state == SERVING and one.held_for is not None,
        alias=_alias(store, one),
    )


def _alias(store: Store, one: IndexVersion) -> str | None:
    if one.backend != QDRANT:
        return None
    description = description_of(store, one)
    return None if description is None else description.alias


#: The serving version and two to go back to.
KEPT_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class KeptPart:
    #: On this machine.
    folder: Path
    entry: PartEntry
    backend: str


class KeptParts:
    """The kept parts of a dataset's versions in a space, by shard.

    With `links` off none is linked: one may be broken, and a link would be too.
    """

    def __init__(
        self, store: Store, dataset: DatasetKey, space: EmbeddingSpace, *, links: bool = True
    ) -> None:
        self._lake, self._links = store.lake, links
        #: (path in the lake, description): the serving version, then the newest first.
        self._held: list[tuple[str, Description]] = []
        #: Whether the first of them is the serving one.
        self.serves = False
        kept = [one for one in store.ledger.index_versions.list(dataset) if one.state != BUILDING]
        for one in sorted(kept, key=lambda one: one.state != SERVING):
            path, description = path_of(one), description_of(store, one)
            if one.space_id == space.space_id and description is not None:
                self._held.append((path, description))
                self.serves = self.serves or one.state == SERVING

    def find(self, shard: str, fingerprint: str) -> tuple[KeptPart, ...]:
        """Return the parts of a shard that were made of the same tables; none: it is to be made."""
        for path, description in self._held if self._links else ():
            entries = description.of_shard(shard)
            if entries and all(entry.fingerprint == fingerprint for entry in entries):
                with suppress(BrokenFile, FileNotFoundError):
                    return tuple(self._kept(path, entry, description) for entry in entries)
        return ()

    def _kept(self, path: str, entry: PartEntry, description: Description) -> KeptPart:
        folder = self._lake.fetched_tree(f"{path}/{entry.name}")
        with opening(folder):
            require_sums(folder, entry.files)
        return KeptPart(folder, entry, description.backend)

    def latest(self, shard: str) -> list[OldPart]:
        """Open the shard's parts in the serving version, else in the newest; not the broken ones."""
        found = []
        for path, description in self._held[:1]:
            for entry in description.of_shard(shard):
                folder = self._lake.fetched_tree(f"{path}/{entry.name}")
                with suppress(BrokenFile, FileNotFoundError), opening(folder):
                    part = open_part(folder, entry.dead, entry.files)
                    found.append(OldPart(part, entry, description.backend))
        return found


def drop_unfinished(store: Store, dataset: DatasetKey, *, besides: int) -> None:
    """Drop the versions that crashed builds left; `besides` is the number of the present build.

    A build that was taken over may still write, but only into the folder of its own number.
    """
    for one in store.ledger.index_versions.list(dataset):
        if one.state == BUILDING and one.number != besides:
            _drop(store, one)


def retire(store: Store, dataset: DatasetKey) -> None:
    """Drop old versions; a reader of one has mapped its files, and the next reads the pointer.

    A version that a reindex built and has not switched to yet is not old.
    """
    target = store.target_space(dataset)
    others = [
        one
        for one in store.ledger.index_versions.list(dataset)
        if one.state != SERVING
        and not (one.state == BUILT and target and one.space_id == target.space_id)
    ]
    for one in others[KEPT_VERSIONS - 1 :]:
        _drop(store, one)


def drop_all(store: Store, dataset: DatasetKey) -> bool:
    """Drop the whole index of a removed dataset. False: some of it stays for now."""
    store.ledger.index_versions.withdraw(dataset)
    for one in store.ledger.index_versions.list(dataset):
        _drop(store, one)
    if store.ledger.index_versions.list(dataset):
        return False
    store.lake.delete_tree(layout.index_dir(dataset))
    return True


def _drop(store: Store, one: IndexVersion) -> None:
    description = description_of(store, one)
    if description is not None:
        try:
            backend_of(description.backend, store.vector_stores).drop(description)
        except SemanticAssetsError as error:  # the pointer has moved: the next build tries again
            store.report_progress(
                f"index {one.dataset}: version {one.number} stays for now: {error}"
            )
            return
    store.lake.delete_tree(path_of(one))
    store.ledger.index_versions.forget(one.dataset, one.number)
