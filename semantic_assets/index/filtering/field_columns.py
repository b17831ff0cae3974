"""The fields of an opened version that conditions are about, from its columns."""

from collections.abc import Callable

import pyarrow as pa

from semantic_assets.errors import NotFound
from semantic_assets.index.filtering.field_pieces import FieldPiece, MetadataPiece
from semantic_assets.index.opened_version import Index
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.kind_names import kind_name
from semantic_assets.model.search_filter import METADATA

_COLUMNS = {
    "title": "title",
    "uri": "uri",
    "document": "document_id",
    "record": "record_id",
    "heading": "heading_path",
    "page": "page",
}


class FieldColumns:
    """The fields of the index of a dataset; what was read once stays with the index."""

    def __init__(self, dataset: DatasetKey, index: Index) -> None:
        self.dataset, self.index = dataset, index
        self._cache = index.filtered

    def field(self, name: str) -> list[FieldPiece]:
        """Return one of FIELDS besides `dataset` and `project`, or `ending`, that of the file's name.

        Raises:
            NotFound: an earlier release built the version, without what the field needs.
        """
        return self._held(name, self._read)

    @property
    def has_metadata(self) -> bool:
        """Whether the version tells the metadata of its documents; an earlier release wrote none."""
        return self.index.finder.column("metadata") is not None

    def metadata_keys(self) -> set[str]:
        """Return the keys of the metadata of its documents."""
        return {key for piece in self._metadata() for key in piece.keys}

    def key(self, key: str) -> list[FieldPiece]:
        """Return the values of a key of the metadata."""
        return self._held(
            f"{METADATA}{key}", lambda _: [piece.field(key) for piece in self._metadata()]
        )

    def _held(self, name: str, read: Callable[[str], list[FieldPiece]]) -> list[FieldPiece]:
        with self._cache.lock:
            found = self._cache.fields.get(name)
            return self._cache.keep_field(name, read(name) if found is None else found)

    def _read(self, name: str) -> list[FieldPiece]:
        if name == "path":
            return [_renamed(piece, self._path) for piece in self.field("uri")]
        if name == "ending":
            return [_renamed(piece, _ending) for piece in self.field("uri")]
        if name == "kind":
            return self._kinds()
        if name == "date":
            return [piece.dates() for piece in self._metadata()]
        if name == "year":
            return [_renamed(piece, _year) for piece in self.field("date")]
        return [FieldPiece.of_column(piece) for piece in self._column(_COLUMNS[name])]

    def _kinds(self) -> list[FieldPiece]:
        column = self.index.finder.column("mime")
        if column is None:  # an earlier release wrote it: there are the endings
            return self.field("ending")
        return [_renamed(FieldPiece.of_column(piece), kind_name) for piece in column]

    def _metadata(self) -> list[MetadataPiece]:
        with self._cache.lock:
            if self._cache.metadata is None:
                self._cache.metadata = [MetadataPiece(one) for one in self._column("metadata")]
            return self._cache.metadata

    def _column(self, name: str) -> list[pa.Array]:
        found = self.index.finder.column(name)
        if found is None:
            raise NotFound(
                f"the index of {self.dataset} was built by an earlier release, without the metadata "
                "of its documents: run `semantic-assets refresh`"
            )
        return found

    def _path(self, uri: str) -> str:
        return uri.removeprefix(f"{self.dataset}/")


def _renamed(piece: FieldPiece, name: Callable[[str], str]) -> FieldPiece:
    return piece.renamed([name(value) for value in piece.values.to_pylist()])


def _ending(uri: str) -> str:
    return uri.rpartition("/")[2].rpartition(".")[2]


def _year(date: str) -> str:
    return date[:4].lstrip("0")
