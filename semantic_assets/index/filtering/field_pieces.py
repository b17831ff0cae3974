"""A field of the rows of a part: its different values, and for each row which of them it has.

Conditions look at the values alone: a part of 500,000 rows may have ten kinds of documents.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.index.filtering.dictionaries import codes_of
from semantic_assets.model.filter_values import DATE, NUMBER

Codes = npt.NDArray[np.int32]
#: The keys of a document's date, the first that reads as one: when it was said before when it was
#: changed. They are compared in small letters, without what parts their words.
DATE_KEYS = (
    *("date", "published", "datepublished", "publicationdate", "publisheddate", "publishedat"),
    *("pubdate", "issued", "created", "createdat", "datecreated", "creationdate", "revdate"),
    *("modified", "modifiedat", "datemodified", "lastmodified", "updated", "updatedat", "year"),
)


@dataclass(frozen=True)
class FieldPiece:
    """The values of a field without repeats, and for each row the place of its own; -1: none."""

    values: pa.Array
    codes: Codes

    @classmethod
    def of_column(cls, column: pa.Array) -> "FieldPiece":
        """Return the piece of a stored column; an empty value is none."""
        held = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
        return cls.of_values(held.dictionary.cast(pa.string()), codes_of(held))

    @classmethod
    def of_values(cls, values: pa.Array, codes: Codes) -> "FieldPiece":
        """Return the piece of values for places; values that repeat become one."""
        trimmed = pc.utf8_trim_whitespace(values)
        named = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
        held = named.dictionary_encode()
        return cls(held.dictionary, np.append(codes_of(held), np.int32(-1))[codes])

    @classmethod
    def of_texts(cls, texts: list[str]) -> "FieldPiece":
        """Return the piece of as many rows as there are texts."""
        return cls.of_values(pa.array(texts, pa.string()), np.arange(len(texts), dtype=np.int32))

    def renamed(self, values: list[str]) -> "FieldPiece":
        """Return the piece with other values in the place of these."""
        return self.of_values(pa.array(values, pa.string()), self.codes)

    @cached_property
    def folded(self) -> pa.Array:
        """The values in small letters, as text is compared."""
        return pa.array([value.casefold() for value in self.values.to_pylist()], pa.string())

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.values.cast(pa.float64()).to_numpy(zero_copy_only=False))

    @cached_property
    def days(self) -> npt.NDArray[np.int64]:
        """The values as numbers of the form 20240531; one that is no date is 0."""
        return days(self.values)

    @cached_property
    def are_numbers(self) -> bool:
        return bool(pc.all(pc.match_substring_regex(self.values, f"^(?:{NUMBER})$")).as_py())

    @cached_property
    def are_dates(self) -> bool:
        return bool(self.days.all())


def days(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return texts as numbers of the form 20240531, of a month or a year its first day; 0: no date."""
    found = pc.extract_regex(values, f"(?s)^{DATE}$")
    parts = [
        np.asarray(
            pc.if_else(pc.equal(part, ""), least, part)
            .fill_null("0")
            .cast(pa.int64())
            .to_numpy(zero_copy_only=False)
        )
        for part, least in zip(found.flatten(), ("0", "1", "1"), strict=True)
    ]
    return np.where(parts[0] > 0, parts[0] * 10_000 + parts[1] * 100 + parts[2], 0)


class MetadataPiece:
    """The metadata of the documents of a part, by key."""

    def __init__(self, column: pa.Array) -> None:
        held = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
        self._codes = codes_of(held)
        documents = orjson.loads(f"[{','.join(held.dictionary.to_pylist())}]")
        self._count = len(documents)
        found: dict[str, tuple[list[int], list[str | None]]] = {}
        for place, document in enumerate(documents):
            for key, value in document.items():
                places, values = found.setdefault(key, ([], []))
                places.append(place)
                values.append(value)
        #: By key: the documents that have it, and their values.
        self._held = {
            key: (np.array(places, np.int32), pa.array(values, pa.string()))
            for key, (places, values) in found.items()
        }

    @property
    def keys(self) -> set[str]:
        return set(self._held)

    def field(self, key: str) -> FieldPiece:
        """Return the values of a key as a field of the rows."""
        none = np.zeros(0, np.int32), pa.array([], pa.string())
        places, values = self._held.get(key, none)
        return self._piece(places, values)

    def dates(self) -> FieldPiece:
        """Return the date of each document as a field of the rows, of the form 2024-05-31."""
        found = np.zeros(self._count, np.int64)
        for wanted in DATE_KEYS:
            for key in filter(lambda key: _plain(key) == wanted, sorted(self._held)):
                places, values = self._held[key]
                of_key = days(values)
                found[places] = np.where(found[places] == 0, of_key, found[places])
        dated = np.flatnonzero(found).astype(np.int32)
        texts = [_shown(day) for day in found[dated].tolist()]
        return self._piece(dated, pa.array(texts, pa.string()))

    def _piece(self, places: Codes, values: pa.Array) -> FieldPiece:
        of_document = np.full(self._count + 1, -1, np.int32)
        of_document[places] = np.arange(len(places))
        return FieldPiece.of_values(values, of_document[self._codes])


def _plain(key: str) -> str:
    return "".join(filter(str.isalnum, key.rpartition(":")[2].casefold()))


def _shown(day: int) -> str:
    return f"{day // 10_000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
