"""Read a part of a document's text, or one passage with what stands around it."""

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.document_list import document_text, require_dataset
from semantic_assets.store import Store

_CHUNK = ["document_id", "start_char", "end_char", "heading_path", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentWindow:
    """The characters `start_char` to `end_char` of a document, and how many it has in all."""

    dataset: str
    document_id: str
    uri: str
    title: str | None
    metadata: dict[str, str]
    start_char: int
    end_char: int
    total_chars: int
    text: str
    #: Where the next part begins; None: this is the last.
    next_char: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageWindow(DocumentWindow):
    """A passage: `text` is its own, `before` and `after` are what stands around it."""

    chunk_id: str | None
    heading_path: str | None
    page: int | None
    before: str
    after: str


def read_document(
    store: Store, dataset: DatasetKey, document: str, *, start: int = 0, limit: int
) -> DocumentWindow:
    """Return at most `limit` characters of a document from `start` on.

    Raises:
        NotFound: the dataset or the document is not there.
        ConfigError: the document ends before `start`.
    """
    found = _found(store, dataset, document)
    end = min(start + limit, len(found["text"]))
    if start and start >= len(found["text"]):
        raise _beyond(document, start, len(found["text"]))
    return DocumentWindow(**_window(dataset, found, start, end))


def read_passage(
    store: Store,
    dataset: DatasetKey,
    *,
    chunk: str | None = None,
    document: str | None = None,
    start: int = 0,
    end: int = 0,
    around: int,
) -> PassageWindow:
    """Return a passage by its chunk, or by its place in a document, with `around` characters each side.

    Raises:
        NotFound: the dataset holds no such chunk or document, perhaps since it was split again.
        ConfigError: neither is named, or the place is not in the document.
    """
    if chunk is not None:
        place = _place(store, dataset, chunk)
    elif document is not None and start < end:
        place = {"document_id": document, "start_char": start, "end_char": end}
    else:
        raise ConfigError(
            "a passage is named by its chunk_id, or by document_id, start_char and end_char"
        )
    found = _found(store, dataset, place["document_id"])
    first, last = place["start_char"], min(place["end_char"], len(found["text"]))
    if first >= last:
        raise _beyond(place["document_id"], first, len(found["text"]))
    return PassageWindow(
        **_window(dataset, found, first, last),
        chunk_id=chunk,
        heading_path=place.get("heading_path"),
        page=place.get("page") if chunk else _page(found["pages"], first),
        before=found["text"][max(0, first - around) : first],
        after=found["text"][last : last + around],
    )


def _found(store: Store, dataset: DatasetKey, document: str) -> dict[str, Any]:
    require_dataset(store, dataset)
    return document_text(store, dataset, document)


def _window(dataset: DatasetKey, found: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    return {
        "dataset": str(dataset),
        **{name: found[name] for name in ("document_id", "uri", "title", "metadata")},
        "start_char": start,
        "end_char": end,
        "total_chars": len(found["text"]),
        "next_char": end if end < len(found["text"]) else None,
        "text": found["text"][start:end],
    }


def _place(store: Store, dataset: DatasetKey, chunk: str) -> dict[str, Any]:
    """Return the row of a chunk; only the ids of all chunks are read for it."""
    require_dataset(store, dataset)
    for shard in store.ledger.sources.shards(dataset):
        if not store.lake.exists(layout.chunks(shard.key)):
            continue
        with store.lake.open(layout.chunks(shard.key)) as file:
            row = pc.index(file.read(["chunk_id"])["chunk_id"], chunk).as_py()
            if row >= 0:
                found: dict[str, Any] = file.read(_CHUNK).slice(row, 1).to_pylist()[0]
                return found
    raise NotFound(
        f"dataset {dataset} holds no passage {chunk!r}: it may have been split again, search anew"
    )


def _page(pages: list[int] | None, start: int) -> int | None:
    """Return the number of the page, from 1 on, on which a character stands."""
    return sum(first <= start for first in pages) if pages else None


def _beyond(document: str, start: int, total: int) -> ConfigError:
    return ConfigError(
        f"document {document!r} has {total} characters, so nothing stands at {start}: "
        "begin at 0 or at the next_char of the part before"
    )
