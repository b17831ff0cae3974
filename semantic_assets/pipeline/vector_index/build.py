"""Build a new version of a dataset's index, verify it, then switch to it.

Unchanged shards are linked from an earlier index version, and of changed ones a difference is
written; deletions and replacements show at the switch, which is the commit.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from semantic_assets.errors import Conflict
from semantic_assets.index.description import (
    FILE_NAME,
    Description,
    PartEntry,
    is_amended,
    with_sums,
    write_description,
)
from semantic_assets.index.hard_links import link_folder
from semantic_assets.index.opened_version import backend_of, open_index
from semantic_assets.index.parts import open_parts
from semantic_assets.index.words.words_of_parts import write_missing_words
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.index_versions import BUILT, IndexVersion
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.backends import BUILT_WHOLE, FAISS, backend_for
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.pending.landed import damaged_jobs
from semantic_assets.pipeline.vector_index.build_inputs import (
    embeddings_fingerprints,
    is_of,
    wanted_fingerprint,
)
from semantic_assets.pipeline.vector_index.serving import description_of, is_kept
from semantic_assets.pipeline.vector_index.shard_part import (
    ShardWriter,
    rows_fingerprint,
    shard_name,
)
from semantic_assets.pipeline.vector_index.switch import publish_alias, switch_to
from semantic_assets.pipeline.vector_index.verify import prove
from semantic_assets.pipeline.vector_index.verify_words import prove_words
from semantic_assets.pipeline.vector_index.versions import (
    KeptParts,
    drop_unfinished,
)
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    dataset: DatasetKey
    space_id: str
    version: int
    backend: str
    rows: int
    #: Rows kept from the previous version for documents whose new chunks have no vector yet.
    carried: int
    #: Shards written, and shards linked because they did not change.
    parts_written: int
    parts_linked: int
    written: bool

    @classmethod
    def unchanged(cls, serving: IndexVersion) -> Self:
        """Return the report of a build that left the serving version as it is."""
        return cls(
            dataset=serving.dataset,
            space_id=serving.space_id,
            version=serving.number,
            backend=serving.backend,
            rows=serving.rows,
            carried=0,
            parts_written=0,
            parts_linked=0,
            written=False,
        )


def build_index(
    store: Store,
    dataset: DatasetKey,
    *,
    space: EmbeddingSpace | None = None,
    by_hand: bool = False,
    broken: bool = False,
) -> IndexReport:
    """Build an index version and switch to it, unless the serving one is of these embeddings.

    A serving version that is broken is built again, every part of it. While a paid answer is
    damaged no smaller version is switched to.

    Args:
        space: None: the one the dataset serves. In another space the version is built and not
            switched to: `reindex` compares first.
        by_hand: build even if another version was chosen over these embeddings, or if the serving
            one is of them and has shards of several parts or with dead rows: they are written whole.
        broken: build every part anew: the serving version was found broken.

    Raises:
        DatasetRemoved: the dataset was removed.
        CorruptResult: the new version failed verification; the old version keeps serving.
        TransientError: the vector store did not answer; the old version keeps serving.
    """
    with store.ledger.leases.holding(lease_names.of_index(dataset)) as lease:
        store.ledger.datasets.require(dataset)
        serves = store.decide_space(dataset)
        space = space or serves
        inputs = embeddings_fingerprints(store, dataset, space)
        wanted = wanted_fingerprint(store, dataset, space.space_id, inputs)
        built = None if by_hand else _built(store, dataset, wanted)
        serving = store.ledger.index_versions.serving(dataset)
        is_whole = serving is not None and not broken and is_kept(store, serving, asking=by_hand)
        links = is_whole or serving is None
        whole = by_hand or not links
        building = _Building(store, lease, dataset, space, inputs, wanted, links=links, whole=whole)
        if space != serves:
            return IndexReport.unchanged(built) if built else building.run()
        if serving is not None and is_whole and _stays(store, serving, wanted, by_hand=by_hand):
            publish_alias(store, serving)
            return IndexReport.unchanged(serving)
        # A version whose process died between build and switch is switched to now.
        report = replace(IndexReport.unchanged(built), written=True) if built else building.run()
        if serving is not None and is_whole and report.rows < serving.rows and _lacks(store, space):
            return IndexReport.unchanged(serving)
        switch_to(store, lease, dataset, report.version)
        return report


def _built(store: Store, dataset: DatasetKey, wanted: str) -> IndexVersion | None:
    """Return a built index version of these embeddings that waits for its switch, or None."""
    found = (
        one
        for one in store.ledger.index_versions.list(dataset)
        if one.state == BUILT and is_of(store, one, wanted)
    )
    return next((one for one in found if is_kept(store, one)), None)


def _stays(store: Store, serving: IndexVersion, wanted: str, *, by_hand: bool) -> bool:
    if not by_hand:
        return serving.held_for == wanted or is_of(store, serving, wanted)
    described = description_of(store, serving)
    is_whole = described is not None and not is_amended(described.parts)
    return is_whole and is_of(store, serving, wanted)


def _lacks(store: Store, space: EmbeddingSpace) -> bool:
    """Say whether paid answers of the space are damaged, which is why a version is smaller."""
    damaged = damaged_jobs(store, space.space_id)
    for job in damaged[:1]:
        store.report_progress(
            f"the index keeps its version, a new one would lack answers: {job.error_message}"
        )
    return bool(damaged)


class _Building:
    """One new version, from its parts to the switch."""

    def __init__(
        self,
        store: Store,
        lease: Lease,
        dataset: DatasetKey,
        space: EmbeddingSpace,
        inputs: dict[str, str],
        made_of: str,
        *,
        links: bool,
        whole: bool,
    ) -> None:
        self._store, self._lease, self._dataset = store, lease, dataset
        self._space, self._inputs, self._made_of, self._whole = space, inputs, made_of, whole
        self._kept = KeptParts(store, dataset, space, links=links)
        self._entries: list[PartEntry] = []
        #: Names of the parts that are new or have other dead rows, and the backend of the others.
        self._changed: set[str] = set()
        self._made_by: dict[str, str] = {}
        self._carried, self._shards_written, self._shards_linked = 0, 0, 0

    def run(self) -> IndexReport:
        """Build the version.

        Raises:
            Conflict: another process took the lease over and dropped the unfinished version.
        """
        try:
            return self._run()
        except FileNotFoundError as error:
            raise Conflict(f"the index of {self._dataset} is built by another process") from error

    def _run(self) -> IndexReport:
        space_id = self._space.space_id
        number = self._store.ledger.index_versions.start(self._dataset, space_id)
        drop_unfinished(self._store, self._dataset, besides=number)
        path = layout.index_version(self._dataset, space_id, number)
        # A lost ledger may have used this number before: its files belong to no version.
        self._store.lake.delete_tree(path)
        folder = self._store.lake.path(path)
        folder.mkdir(parents=True)  # a version may have no part: its last document was removed
        writer = ShardWriter(
            self._store, self._space, folder, compact=self._is_compact(), whole=self._whole
        )
        for name in sorted(self._inputs):
            self._add(folder, ShardKey.parse(name), writer)
        description = self._make(path, folder, self._describe(number))
        self._lease.require()
        self._store.lake.publish_tree(path)
        self._finish(number, description)
        return self._report(number, description)

    def _is_compact(self) -> bool:
        """Say whether vectors are stored in 16 bits: FAISS ranks a few, found by their codes."""
        paths = (layout.embeddings(self._space.space_id, ShardKey.parse(n)) for n in self._inputs)
        records = [self._store.ledger.files.find(path) for path in paths]
        rows = sum(record.rows for record in records if record is not None)
        return backend_for(self._store.index_backend(self._dataset), rows) == FAISS

    def _add(self, folder: Path, shard: ShardKey, writer: ShardWriter) -> None:
        """Link kept parts of the same tables for the shard if there are, else write a difference."""
        made_of, name = rows_fingerprint(self._store, self._space, shard), shard_name(shard)
        kept = self._kept.find(name, made_of)
        if kept and not (self._whole and is_amended([one.entry for one in kept])):
            for one in kept:
                link_folder(one.folder, folder / one.entry.name)
                self._made_by[one.entry.name] = one.backend
            self._entries += [one.entry for one in kept]
            self._shards_linked += 1
            return
        old = self._kept.latest(name)
        written = writer.write(shard, made_of, old, serves=self._kept.serves)
        self._carried += written.carried
        self._entries += written.entries
        self._changed |= written.changed
        self._made_by |= {one.part.name: one.backend for one in old}
        self._shards_written += 1

    def _describe(self, number: int) -> Description:
        parts = tuple(sorted(self._entries, key=lambda part: part.name))
        rows = sum(part.rows for part in parts)
        alias = f"{self._dataset.partition}.{self._store.ledger.ledger_id}"
        return Description(
            backend=backend_for(self._store.index_backend(self._dataset), rows),
            space_id=self._space.space_id,
            dimensions=self._space.dimensions,
            parts=parts,
            collection=f"{alias}.{number:06d}",
            alias=alias,
        )

    def _make(self, path: str, folder: Path, description: Description) -> Description:
        """Describe the version, make it searchable by words and vectors, and prove it."""
        # The description comes first: it finds what a crash leaves with the backend.
        write_description(folder, description)
        self._store.lake.publish_tree(path, only=FILE_NAME)
        backend = backend_of(description.backend, self._store.vector_stores)
        parts = open_parts(folder, description)
        written = {part.name for part in parts if write_missing_words(part)}
        backend.build(folder, description, parts)
        description = with_sums(folder, description, written)
        write_description(folder, description)
        index = open_index(folder, self._store.vector_stores)
        # Codes and collections made now are proven over all their parts.
        is_whole = description.backend in BUILT_WHOLE
        new = frozenset(
            part.name
            for part in description.parts
            if is_whole or self._made_by.get(part.name) != description.backend
        )
        prove(index, f"{self._dataset} {folder.name}", new | self._changed, new)
        prove_words(index, f"{self._dataset} {folder.name}", self._changed | written)
        return description

    def _finish(self, number: int, description: Description) -> None:
        self._store.ledger.index_versions.built(
            self._lease,
            self._dataset,
            number,
            rows=description.rows,
            input_fingerprint=self._made_of,
            inputs=self._inputs,
            backend=description.backend,
        )

    def _report(self, number: int, description: Description) -> IndexReport:
        return IndexReport(
            dataset=self._dataset,
            space_id=self._space.space_id,
            version=number,
            backend=description.backend,
            rows=description.rows,
            carried=self._carried,
            parts_written=self._shards_written,
            parts_linked=self._shards_linked,
            written=True,
        )
