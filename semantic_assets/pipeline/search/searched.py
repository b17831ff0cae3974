"""What is searched in a lake: the serving versions, as its ledger has them at this moment.

A switch of a version is a commit to the ledger. So while the ledger's counter stands still nothing
is asked of it, and once it moved one statement asks for all versions: 1,000 datasets cost 2,000
statements before. An opened version is never another one: its number is used once.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from semantic_assets.errors import BrokenFile, NotFound, UnknownName
from semantic_assets.index.opened_version import Index
from semantic_assets.ledger.index_versions import ServingVersion
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.discovery.named_datasets import named_datasets
from semantic_assets.pipeline.search.index_selection import Selection, select
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.serving import open_searched
from semantic_assets.store import Store

_REOPENINGS = 5
#: Selections kept prepared, and the vectors that are copied for them.
_KEPT, _KEPT_BYTES = 64, 256 << 20
_LAKES = 4
Versions = dict[DatasetKey, ServingVersion]


class Searched:
    """The serving versions of one lake, and prepared selections of them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._count: int | None = None
        self._versions: Versions = {}
        self._spaces: dict[str, EmbeddingSpace] = {}
        self._selections: OrderedDict[object, Selection] = OrderedDict()

    def versions(self, store: Store) -> Versions:
        """Return the serving version of each dataset that has one."""
        with self._lock:
            count = store.ledger.database.change_count()  # before the question, which may be newer
            if count is None or count != self._count:
                found = store.ledger.index_versions.serving_of_all()
                if found != self._versions:
                    self._versions = found
                    self._selections.clear()
                self._count = count
            return self._versions

    def selection(self, store: Store, scope: Scope) -> Selection:
        """Return the opened indexes of these datasets and projects; of none named, of all.

        Raises:
            NotFound: a dataset named has no index, or there is none at all; or files are gone.
            UnknownName: there is no dataset of a name, or a project has none in search.
            BrokenFile: an index has to be built again, and nothing may be written.
        """
        with self._lock:
            for _ in range(_REOPENINGS):
                versions = self.versions(store)
                try:
                    return self._held(scope) or self._keep(
                        scope, self._select(store, _wanted(store, versions, scope))
                    )
                except FileNotFoundError:
                    self._count = None  # retired since it was asked for, or built again
        raise NotFound("an index is not on disk: run `semantic-assets refresh`")

    def _held(self, key: object) -> Selection | None:
        held = self._selections.get(key)
        if held is not None:
            self._selections.move_to_end(key)
        return held

    def _keep(self, key: object, made: Selection) -> Selection:
        self._selections[key] = made
        while len(self._selections) > _KEPT or (
            len(self._selections) > 1
            and sum(one.size for one in self._selections.values()) > _KEPT_BYTES
        ):
            self._selections.popitem(last=False)
        return made

    def _select(self, store: Store, wanted: tuple[ServingVersion, ...]) -> Selection:
        return select(
            wanted,
            lambda version: _open_or_build(store, version),
            lambda space_id: self._space(store, space_id),
        )

    def _space(self, store: Store, space_id: str) -> EmbeddingSpace:
        if space_id not in self._spaces:
            self._spaces[space_id] = store.ledger.spaces.find(space_id)
        return self._spaces[space_id]


def _wanted(store: Store, versions: Versions, scope: Scope) -> tuple[ServingVersion, ...]:
    """Return the versions of a scope, in the order of their datasets."""
    missing = [one for one in scope.datasets if one not in versions]
    if missing or not (versions or scope.projects):
        _require_there(store, versions, missing)
        of = ", ".join(map(str, missing)) or "any dataset"
        raise NotFound(f"there is no index of {of} yet: run `semantic-assets refresh`")
    for project in scope.projects:
        if not any(one.project == project for one in versions):
            named_datasets(store, [project])
            raise UnknownName(
                f"nothing of a project {project!r} is in search: name a project or project/dataset "
                "that `semantic-assets ls` lists, or run `semantic-assets refresh`"
            )
    return tuple(versions[one] for one in sorted(versions) if one in scope)


def _require_there(store: Store, versions: Versions, named: Sequence[DatasetKey]) -> None:
    """Check that datasets are there, indexed or not.

    Raises:
        UnknownName: one is not; whoever reads one project alone hears of no other one's datasets.
    """
    projects = {one.project for one in versions}
    for dataset in named:
        own = dataset.project if dataset.project in projects else None
        named_datasets(store, [str(dataset)], may_see=lambda one: own in (None, one.project))  # noqa: B023


_searched: OrderedDict[object, Searched] = OrderedDict()
_searched_lock = threading.Lock()


def searched_of(store: Store) -> Searched:
    """Return what is known of a store's lake; stores with one ledger open share it."""
    engine = store.ledger.database.engine
    with _searched_lock:
        found = _searched.setdefault(engine, Searched())
        _searched.move_to_end(engine)
        while len(_searched) > _LAKES:
            _searched.popitem(last=False)
        return found


def _open_or_build(store: Store, version: ServingVersion) -> Index:
    """Open a version.

    Raises:
        FileNotFoundError: another one serves now.
        NotFound, BrokenFile: its files are gone or broken, and nothing may be written.
    """
    try:
        return open_searched(store, version)
    except (BrokenFile, NotFound) as error:
        if store.is_read_only:
            raise
        store.report_progress(f"{error}; it is built again now")
        build_index(store, version.dataset, broken=True)
        raise FileNotFoundError(str(version.dataset)) from error
