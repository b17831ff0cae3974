"""Ingest documents as sources of their dataset; nothing is sent.

Plain text and Markdown are read here and kept as text; files of any other format are kept as they
are, after a check that a reader takes them. Unreadable documents are refused and not stored.
"""

import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from semantic_assets.errors import ConfigError, DatasetRemoved, SemanticAssetsError
from semantic_assets.intake.inbox import Held, Inbox, Put, Text, catalogue_file
from semantic_assets.intake.names import checked_name, shown_uri
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.blocks import MAX_LINE_BYTES
from semantic_assets.parsing.formats import (
    is_multi_record,
    is_read_as_is,
    is_supported,
    is_text_file,
)
from semantic_assets.parsing.readers import no_reader
from semantic_assets.parsing.records import Columns, SourceRecord, Unreadable, normal_text
from semantic_assets.parsing.source_file import open_source
from semantic_assets.parsing.text import first_heading
from semantic_assets.pipeline.documents.documents_table import record_name
from semantic_assets.sandbox.isolated import read_records
from semantic_assets.store import Store
from semantic_assets.system.durable import make_private
from semantic_assets.text.characters import canonical
from semantic_assets.text.fingerprint import document_id

#: The number of records of a file that are tried to find a readable one.
_RECORDS_TRIED = 1_000
_EMPTY = frozenset({"file is empty", "document has no text", "there is no record in it"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """The outcome of one document: either `status` or `error` is set."""

    name: str
    #: `uploaded`, `replaced` or `unchanged`.
    status: str | None = None
    error: str | None = None
    #: The document's uri in search results; and the uri of the source file that holds it.
    uri: str | None = None
    source_uri: str | None = None
    #: None for a file of records, each of which is a document.
    document_id: str | None = None


class Ingestion:
    """The open inbox of one dataset; several may be open at once, each used by one thread."""

    def __init__(self, store: Store, dataset: DatasetKey) -> None:
        """Open the inbox of a dataset.

        Raises:
            DatasetRemoved: it was removed by `rm`; the message says how to bring it back.
            ConfigError: the sources are in a bucket.
        """
        self._store, self._dataset = store, dataset
        self._require_kept()
        self._settings = store.dataset_settings(dataset)
        if store.settings.sources_url:
            raise ConfigError(
                f"documents cannot be handed over while the sources are in a bucket: put them as "
                f"files under {store.sources.shown}/{dataset.project}/{dataset.dataset}/"
            )
        self._inbox = Inbox(
            store.settings.sources, store.lake.path(catalogue_file(dataset)), dataset
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._inbox.close()

    def put(self, documents: Sequence[Document], *, overwrite: bool = False) -> list[Ingested]:
        """Store documents durably; return an outcome for each, in their order.

        Raises:
            DatasetRemoved: as on opening; the dataset may have been removed since.
        """
        self._require_kept()
        texts: dict[int, Text] = {}
        outcomes: dict[int, Ingested] = {}
        for number, document in enumerate(documents):
            if not isinstance(document, Document):
                raise ConfigError(f"a {type(document).__name__} is no Document: wrap it in one")
            try:
                if _is_text(document):
                    texts[number] = _text_of(document)
                else:
                    outcomes[number] = self._put_file(document, overwrite=overwrite)
            except SemanticAssetsError as error:
                outcomes[number] = Ingested(name=document.name, error=str(error))
        return [
            outcome for _, outcome in sorted((outcomes | self._put_texts(texts, overwrite)).items())
        ]

    def remove(self, name: str) -> None:
        """Remove an ingested document or file.

        Raises:
            NotFound: nothing of this name was ingested.
        """
        self._inbox.remove(name)

    def name_of(self, document: str) -> str | None:
        """Return the name of a held document, found by name or id; it may not have been read yet."""
        for held in self._inbox.held():
            name = record_name(held.name, "") if held.is_text else ""
            if document in (held.name, document_id(str(self._dataset), held.uri, name)):
                return held.name
        return None

    def held(self) -> list[Held]:
        return self._inbox.held()

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Provide a path for a file to fill, which no listing sees; delete the file at the end."""
        path = make_private(self._inbox.incoming())
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put_readable(self, name: str, content: Path, *, overwrite: bool = False) -> Ingested:
        """Store a file that was filled in `room`.

        Raises:
            ConfigError: no reader takes it, or it holds nothing readable.
            Conflict: another file of this name exists and must not be replaced.
        """
        with content.open("rb") as stream:
            _require_readable(name, stream, self._settings.columns_of(name))
        return self._outcome(self._inbox.put_file(name, content, overwrite=overwrite))

    def _require_kept(self) -> None:
        row = self._store.ledger.datasets.find(self._dataset)
        if row is not None and row.is_kept_out:
            raise DatasetRemoved(
                f"dataset {self._dataset} was removed: `semantic-assets refresh -d {self._dataset}` "
                "brings it back"
            )

    def _put_file(self, document: Document, *, overwrite: bool) -> Ingested:
        if document.title or document.metadata:
            raise ConfigError(
                f"{document.name}: only plain text and Markdown are kept with a title and metadata "
                "of their own; hand over its text, or put it into a record of a .jsonl"
            )
        name = _supported(checked_name(document.name))
        with self.room() as path, _stream_of(document) as stream:
            with path.open("wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
            return self.put_readable(name, path, overwrite=overwrite)

    def _put_texts(self, texts: dict[int, Text], overwrite: bool) -> dict[int, Ingested]:
        """Store all texts in one call; a repeated name waits for the next call."""
        outcomes: dict[int, Ingested] = {}
        while texts:
            now: dict[str, int] = {}
            for number, text in texts.items():
                now.setdefault(text.name, number)
            put = self._inbox.put_texts(
                [texts[number] for number in now.values()], overwrite=overwrite
            )
            outcomes |= {now[done.name]: self._outcome(done) for done in put}
            texts = {number: text for number, text in texts.items() if number not in outcomes}
        return outcomes

    def _outcome(self, put: Put) -> Ingested:
        name = record_name(put.name, "") if put.is_text else ""
        is_document = put.is_text or not is_multi_record(put.uri)
        return Ingested(
            name=put.name,
            status=put.status,
            error=put.error,
            uri=shown_uri(put.uri, put.name if put.is_text else None),
            source_uri=put.uri,
            document_id=document_id(str(self._dataset), put.uri, name) if is_document else None,
        )


def clear_incoming(store: Store) -> None:
    """Delete what killed processes of this machine left of files that were coming in."""
    for dataset in () if store.settings.sources_url else Inbox.all(store.lake.root):
        with Inbox(
            store.settings.sources, store.lake.path(catalogue_file(dataset)), dataset, reading=True
        ) as inbox:
            inbox.clear_incoming()


def is_text_name(name: str) -> bool:
    """Say whether a file of this name is kept as text."""
    return is_text_file(name)


def _is_text(document: Document) -> bool:
    return document.text is not None or is_text_name(document.name)


def _text_of(document: Document) -> Text:
    """Read a plain text or Markdown document.

    Raises:
        ConfigError: it has no valid name, or no text.
    """
    name = checked_name(document.name)
    if document.text is None:
        with _stream_of(document) as stream:
            read = _first(read_records(name, stream, columns=Columns()), name)
        title, text, found = read.title, read.text, read.metadata
    else:
        if is_supported(name) and not is_read_as_is(name):
            raise ConfigError(
                f"{name}: a text is named .txt or .md, or without an ending of a format"
            )
        text = _normal(name, document.text)
        is_markdown = name.lower().endswith((".md", ".markdown"))
        title = first_heading(text) if is_markdown else None
        found = {}
    given = {canonical(str(key)): canonical(str(of)) for key, of in document.metadata.items()}
    title = canonical(document.title or title or name)
    return _fitting(Text(name=name, title=title, text=text, metadata={**found, **given}))


def _fitting(text: Text) -> Text:
    """Return the text if it fits into one line of a segment.

    Raises:
        ConfigError: its line would be too long for the reader of lines.
    """
    if len(text.line()) > MAX_LINE_BYTES:
        raise ConfigError(f"{text.name}: longer than {MAX_LINE_BYTES >> 20} MB: split it")
    return text


def _normal(name: str, text: str) -> str:
    try:
        normal = normal_text(text)
    except Unreadable as error:
        raise ConfigError(f"{name}: {error}") from error
    if not normal:
        raise ConfigError(f"No chunks generated. {name}: document has no text")
    return normal


@contextmanager
def _stream_of(document: Document) -> Iterator[BinaryIO]:
    if document.data is not None:
        yield io.BytesIO(document.data)
        return
    assert document.path is not None
    if not Path(document.path).exists():
        raise ConfigError(f"there is no file {document.path}")
    try:
        stream = open_source(Path(document.path))
    except Unreadable as error:
        raise ConfigError(f"{document.path}: {error}") from error
    with stream:
        yield stream


def _supported(name: str) -> str:
    if not is_supported(name):
        raise ConfigError(f"{name}: {no_reader(name)}")
    return name


def _require_readable(name: str, stream: BinaryIO, columns: Columns) -> None:
    _first(read_records(_supported(checked_name(name)), stream, columns=columns), name)


def _first(records: Iterable[object], name: str) -> SourceRecord:
    """Return the first readable record; raise ConfigError if there is none."""
    failed: str | None = None
    for record in islice(records, _RECORDS_TRIED):
        assert isinstance(record, SourceRecord)
        if record.parse_status != ParseStatus.FAILED:
            return record
        failed = failed or record.parse_error
    reason = failed or "there is no record in it"
    nothing = "No chunks generated. " if reason in _EMPTY else ""
    raise ConfigError(f"{nothing}{name}: {reason}")
