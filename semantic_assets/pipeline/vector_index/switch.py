"""Serve another version of an index: a newly built one, one chosen by hand, or the previous one."""

from dataclasses import dataclass

from semantic_assets.errors import BrokenFile, NotFound
from semantic_assets.index.opened_version import Index, backend_of, open_index
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.index_versions import BUILDING, IndexVersion
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.backends import QDRANT
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.wording import counted
from semantic_assets.pipeline.vector_index.build_inputs import current_fingerprint, is_of
from semantic_assets.pipeline.vector_index.serving import (
    description_of,
    parts_of,
    version_folder,
)
from semantic_assets.pipeline.vector_index.versions import (
    retire,
)
from semantic_assets.store import Store

#: Columns that make two rows of a document the same passage at the same place.
_PLACE = ["document_id", "chunk_id", "chunk_index", "start_char"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchReport:
    dataset: str
    #: The version that serves now, and the one that did.
    version: int
    before: int
    #: Documents that the serving version lacks, has in another form, or has in addition.
    lacks: int
    differs: int
    extra: int

    @property
    def summary(self) -> str:
        edits = self.lacks + self.differs + self.extra
        return (
            f"index version {self.version} serves, as of its switch; it lacks {edits} edits of "
            f"index version {self.before}: {self.lacks} documents are missing, {self.differs} are of "
            f"another version, {self.extra} were deleted since"
        )


def switch_to(store: Store, lease: Lease, dataset: DatasetKey, number: int) -> None:
    """Make a built version serve, under the dataset's index lease, then drop old versions."""
    store.ledger.index_versions.switch(lease, dataset, number)
    serving = store.ledger.index_versions.serving(dataset)
    assert serving is not None
    store.report_progress(
        f"index {dataset}: version {number} ({serving.backend}) serves {counted(serving.rows, 'chunk')}"
    )
    publish_alias(store, serving)
    retire(store, dataset)


def publish_alias(store: Store, version: IndexVersion) -> None:
    """Make the Qdrant alias follow the pointer, also after a crash between the two."""
    if version.backend == QDRANT:
        description = description_of(store, version)
        assert description is not None
        backend_of(version.backend, store.vector_stores).publish(description)


def switch(store: Store, dataset: DatasetKey, number: int) -> SwitchReport:
    """Serve a kept version, and keep it serving until there are new embeddings.

    Raises:
        NotFound: it is not kept, or its files are gone.
        TransientError: its vector store (Qdrant or Lance) does not answer.
    """
    with store.ledger.leases.holding(lease_names.of_index(dataset)) as lease:
        serving = _serving(store, dataset)
        return _switch(store, lease, serving, _kept(store, serving, number))


def rollback(store: Store, dataset: DatasetKey) -> SwitchReport:
    """Serve the version that served before, as `switch` does.

    Raises:
        NotFound: none is kept from before the serving one.
    """
    with store.ledger.leases.holding(lease_names.of_index(dataset)) as lease:
        serving = _serving(store, dataset)
        earlier = [
            one
            for one in store.ledger.index_versions.list(dataset)
            if one.number < serving.number and one.served_at is not None
        ]
        if not earlier:
            raise NotFound(
                f"{dataset} has no index version before {serving.number}: `semantic-assets index list`"
            )
        # Not the next lower number: that version may itself have been rolled back from.
        return _switch(store, lease, serving, max(earlier, key=lambda one: one.served_at or 0.0))


def _serving(store: Store, dataset: DatasetKey) -> IndexVersion:
    serving = store.ledger.index_versions.serving(dataset)
    if serving is None:
        raise NotFound(f"there is no index of {dataset} yet: run `semantic-assets refresh`")
    return serving


def _kept(store: Store, serving: IndexVersion, number: int) -> IndexVersion:
    for one in store.ledger.index_versions.list(serving.dataset):
        if one.number == number and one.state != BUILDING:
            return one
    raise NotFound(
        f"{serving.dataset} has no index version {number}: `semantic-assets index list` names them"
    )


def _switch(
    store: Store, lease: Lease, serving: IndexVersion, target: IndexVersion
) -> SwitchReport:
    index = _openable(store, target)
    report = _report(store, serving, target)
    wanted = current_fingerprint(store, target.dataset, target.space_id)
    held_for = None if is_of(store, target, wanted) else wanted
    store.ledger.index_versions.switch_back(lease, target.dataset, target.number, held_for=held_for)
    backend_of(target.backend, store.vector_stores).publish(index.description)
    store.report_progress(f"index {target.dataset}: {report.summary}")
    return report


def _openable(store: Store, target: IndexVersion) -> Index:
    try:
        return open_index(version_folder(store, target), store.vector_stores)
    except (BrokenFile, FileNotFoundError) as error:
        raise NotFound(
            f"the files of index version {target.number} of {target.dataset} are gone or broken: "
            f"`semantic-assets index list -d {target.dataset}` names the others"
        ) from error


def _report(store: Store, serving: IndexVersion, target: IndexVersion) -> SwitchReport:
    before, now = _versions(store, serving), _versions(store, target)
    shared = before.keys() & now.keys()
    return SwitchReport(
        dataset=str(target.dataset),
        version=target.number,
        before=serving.number,
        lacks=len(before.keys() - now.keys()),
        differs=sum(before[document] != now[document] for document in shared),
        extra=len(now.keys() - before.keys()),
    )


def _versions(store: Store, one: IndexVersion) -> dict[str, list[tuple[object, ...]]]:
    """Map each document to its passages and their places."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for part in parts_of(store, one) or ():
        columns = part.table(_PLACE).to_pydict()
        for document, *place in zip(*columns.values(), strict=True):
            found.setdefault(document, []).append(tuple(place))
    return found
