"""The inbox of one dataset, into which texts and files are put."""

import os
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import orjson

from semantic_assets.errors import ConfigError, Conflict, NotFound
from semantic_assets.intake import segments
from semantic_assets.intake.catalogue import Catalogue
from semantic_assets.intake.names import checked_name, folder_uri
from semantic_assets.model.keys import DatasetKey
from semantic_assets.system.durable import make_folder, sync
from semantic_assets.system.machine import has_ended, holder

_FILES, _INCOMING = "files", ".incoming"
_RESERVED = frozenset({"id", "title", "text"})
_BLOCK = 1 << 20


class Stored(StrEnum):
    """The outcome of storing a document that was passed in."""

    UPLOADED = "uploaded"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text document to be put into a segment."""

    name: str
    title: str | None
    text: str
    metadata: Mapping[str, str]

    def __post_init__(self) -> None:
        """Check the names of the metadata.

        Raises:
            ConfigError: a metadata key is reserved.
        """
        if taken := _RESERVED & self.metadata.keys():
            raise ConfigError(f"{self.name}: metadata cannot be named {', '.join(sorted(taken))}")

    def line(self) -> bytes:
        """Return the document as a JSON line without its end.

        Raises:
            ConfigError: a value is not text.
        """
        record = {"id": self.name, "title": self.title, "text": self.text}
        try:
            return orjson.dumps(record | {key: self.metadata[key] for key in sorted(self.metadata)})
        except orjson.JSONEncodeError as error:
            raise ConfigError(f"{self.name}: it is not all text: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The outcome of one document; `uri` is that of the source file with it."""

    name: str
    uri: str
    is_text: bool
    status: Stored | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One document or file in the inbox."""

    name: str
    uri: str
    bytes: int
    is_text: bool


def catalogue_file(dataset: DatasetKey) -> str:
    """Return the path of an inbox's catalogue below the lake's root."""
    return f"intake/{dataset.partition}.sqlite3"


class Inbox:
    """An inbox that several processes may use at once; one object is for one thread."""

    def __init__(
        self, sources: Path, catalogue: Path, dataset: DatasetKey, *, reading: bool = False
    ) -> None:
        self._uri = folder_uri(dataset)
        self._folder = sources / self._uri
        self._catalogue = Catalogue(catalogue, self._folder, reading=reading)

    @staticmethod
    def all(lake: Path) -> list[DatasetKey]:
        """Return the datasets with an inbox."""
        return sorted(DatasetKey.parse(path.stem) for path in (lake / "intake").glob("*.sqlite3"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._catalogue.close()

    def put_texts(self, texts: Sequence[Text], *, overwrite: bool) -> list[Put]:
        """Store texts durably in one go, each with its own outcome."""
        lines = {text.name: text.line() for text in texts}
        make_folder(self._folder)
        with self._catalogue.writing():
            known = self._catalogue.find(list(lines))
            new = {name: line for name, line in lines.items() if name not in known}
            changed = {
                name: line
                for name, line in lines.items()
                if name in known and known[name].digest != segments.digest_of(line)
            }
            added = self._append(new)
            if overwrite:
                self._rewrite({name: known[name].segment for name in changed}, changed)
            places = {name: entry.segment for name, entry in known.items()} | added
        return [
            Put(
                name=text.name,
                uri=self._segment_uri(places[text.name]),
                is_text=True,
                **outcome,
            )
            for text in texts
            for outcome in [_outcome(text.name, new, changed, overwrite=overwrite)]
        ]

    def put_file(self, name: str, content: Path, *, overwrite: bool) -> Put:
        """Link a file of this file system into the inbox; `overwrite` replaces a file of its name.

        Raises:
            Conflict: a file of this name has other content, and `overwrite` is false.
        """
        target = self._folder / _FILES / checked_name(name)
        uri = f"{self._uri}/{_FILES}/{target.name}"
        make_folder(target.parent)
        sync(content)
        try:
            os.link(content, target)  # fails if the file exists: no race can replace it unseen
            status = Stored.UPLOADED
        except FileExistsError:
            if _file_digest(target) == _file_digest(content):
                return Put(name=name, uri=uri, is_text=False, status=Stored.UNCHANGED)
            if not overwrite:
                raise Conflict(_other_content(name)) from None
            temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
            os.link(content, temporary)
            temporary.replace(target)
            status = Stored.REPLACED
        sync(target.parent)
        return Put(name=name, uri=uri, is_text=False, status=status)

    def remove(self, name: str) -> None:
        """Remove a document by name.

        Raises:
            NotFound: the inbox has no document of this name.
        """
        name = checked_name(name)
        with self._catalogue.writing():
            found = self._catalogue.find([name]).get(name)
            if found is not None:
                self._rewrite({name: found.segment}, {name: None})
            path = self._folder / _FILES / name
            if found is None and not path.is_file():
                raise NotFound(f"nothing named {name!r} was handed over to {self._uri}")
            if found is None:
                segments.write_empty(self._folder)
                path.unlink(missing_ok=True)
                sync(path.parent)

    def held(self) -> list[Held]:
        """Return all documents and files in the inbox, sorted by name."""
        texts = [
            Held(name=e.name, uri=self._segment_uri(e.segment), bytes=e.bytes, is_text=True)
            for e in self._catalogue.entries()
        ]
        return sorted([*texts, *self.files()], key=lambda held: held.name)

    def segments(self) -> dict[str, os.stat_result]:
        """Return the stat of each segment by its uri."""
        return {
            self._segment_uri(number): segments.path_of(self._folder, number).stat()
            for number in sorted(segments.numbers(self._folder))
        }

    def count_since(self, uri: str, moment_ns: int) -> int:
        """Count the documents stored in a segment after it had this time."""
        number = int(uri.rpartition("/")[2].partition(".")[0])
        return self._catalogue.count_since(number, moment_ns)

    def incoming(self) -> Path:
        """Return the path of a file to fill, on the same file system; listings skip its folder."""
        self.clear_incoming()
        folder = self._folder / _INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{uuid.uuid4().hex}@{holder()}"

    def clear_incoming(self) -> None:
        """Delete what processes of this machine that have ended left half filled."""
        for left in (self._folder / _INCOMING).glob("*@*"):
            if has_ended(left.name.partition("@")[2]):
                with suppress(OSError):  # it costs room, and nothing else
                    left.unlink()

    def files(self) -> list[Held]:
        """Return the documents that are separate files."""
        folder = self._folder / _FILES
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            return [
                Held(
                    name=entry.name,
                    uri=f"{self._uri}/{_FILES}/{entry.name}",
                    bytes=entry.stat().st_size,
                    is_text=False,
                )
                for entry in entries
                if not entry.name.startswith(".")
            ]

    def _append(self, lines: Mapping[str, bytes]) -> dict[str, int]:
        """Append lines and return the segment of each."""
        number, size = self._catalogue.last()
        places: dict[str, int] = {}
        piece: dict[str, bytes] = {}
        held = 0
        for name, line in lines.items():
            if size + held and size + held + len(line) >= segments.MAX_BYTES:
                self._append_to(number, size, piece)
                number, size, piece, held = number + 1, 0, {}, 0
            piece[name], places[name] = line, number
            held += len(line) + 1
        self._append_to(number, size, piece)
        return places

    def _append_to(self, number: int, size: int, lines: Mapping[str, bytes]) -> None:
        if lines:
            path = segments.path_of(self._folder, number)
            self._catalogue.stored(
                number, segments.append(path, list(lines.values()), at=size), lines
            )

    def _rewrite(self, places: Mapping[str, int], changed: Mapping[str, bytes | None]) -> None:
        """Rewrite each changed segment once: a document is always in exactly one segment."""
        by_segment: dict[int, dict[str, bytes | None]] = defaultdict(dict)
        for name, number in places.items():
            by_segment[number][name] = changed[name]
        for number, its in by_segment.items():
            size = segments.rewrite(segments.path_of(self._folder, number), its)
            lines = {name: line for name, line in its.items() if line is not None}
            self._catalogue.removed(number, size, [name for name in its if name not in lines])
            self._catalogue.stored(number, size, lines)

    def _segment_uri(self, number: int) -> str:
        return f"{self._uri}/{segments.file_name(number)}"


def _outcome(
    name: str, new: Mapping[str, bytes], changed: Mapping[str, bytes], *, overwrite: bool
) -> dict[str, Any]:
    if name in new:
        return {"status": Stored.UPLOADED}
    if name not in changed:
        return {"status": Stored.UNCHANGED}
    return {"status": Stored.REPLACED} if overwrite else {"error": _other_content(name)}


def _other_content(name: str) -> str:
    return (
        f"there is a document named {name!r} with other content: say overwrite to replace it, or "
        "give this one another name"
    )


def _file_digest(path: Path) -> bytes:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()
