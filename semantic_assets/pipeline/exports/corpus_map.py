"""A map of a corpus: a place on a plane for each passage that search serves, and what is there."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.index.parts import Part
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.wording import ProgressLine
from semantic_assets.pipeline.exports.map_layout import laid_out, principal_axes, regions
from semantic_assets.pipeline.exports.shard_rows import ServedRows, served_rows
from semantic_assets.store import Store

#: Of more passages every second, third and so on is shown.
MAX_SHOWN = 200_000
_SAMPLE, _ROWS_AT_ONCE = 20_000, 4_096
#: Colours that the eye tells apart; the last is for all others.
_GROUPS, _OTHERS = 9, "others"
_REGIONS, _TEXTS_A_REGION, _WORDS = 24, 80, 2
_WORD = re.compile(r"[^\W\d_]{4,}")
#: A word names a region if it is in so many more of its texts than of all.
_MORE_OFTEN = 3.0


@dataclass(frozen=True, slots=True)
class Grouping:
    """What passages can be coloured by; `of` gives each its number in `names`, largest first."""

    title: str
    names: tuple[str, ...]
    of: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The passages of a part that are shown: the rows `numbers`, of the dataset."""

    dataset: str
    part: Part
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class CorpusMap:
    title: str
    #: Between 0 and 1, shape (passages, 2).
    places: Vectors
    groupings: tuple[Grouping, ...]
    #: Places with the words that tell their surroundings from the rest.
    labels: tuple[tuple[float, float, str], ...]
    #: All passages; more than are shown, if there are very many.
    passages: int
    _stretches: tuple[_Stretch, ...]
    _starts: Numbers

    def __len__(self) -> int:
        return len(self.places)

    def passage(self, number: int) -> dict[str, Any]:
        """Return a passage as people read it.

        Raises:
            NotFound: there is no such passage.
        """
        if not 0 <= number < len(self):
            raise NotFound(f"the map has no passage {number}: it has {len(self)}, from 0 on")
        place = int(np.searchsorted(self._starts, number, side="right")) - 1
        stretch = self._stretches[place]
        row = stretch.part.row(int(stretch.numbers[number - int(self._starts[place])]))
        shown = ("title", "uri", "page", "text")
        return {
            "dataset": stretch.dataset,
            "heading": row["heading_path"],
            **{name: row[name] for name in shown},
        }

    def with_words(self, words: str) -> npt.NDArray[np.uint32]:
        """Return the numbers of the passages whose title or text has these words as they stand."""
        found = [
            start + np.flatnonzero(_has(stretch, words))
            for start, stretch in zip(self._starts.tolist(), self._stretches, strict=True)
        ]
        return np.concatenate([np.zeros(0, np.int64), *found]).astype(np.uint32)


def corpus_map(store: Store, datasets: Sequence[DatasetKey]) -> CorpusMap:
    """Lay out the passages of serving versions, which are of one embedding space.

    Raises:
        NotFound: a dataset has no index.
        ConfigError: the datasets are of several spaces, or none has a passage.
    """
    served = [served_rows(store, dataset) for dataset in dict.fromkeys(datasets)]
    spaces = sorted({rows.version.space_id for rows in served})
    if len(spaces) > 1:
        raise ConfigError(
            f"{', '.join(map(str, datasets))} are of several spaces ({', '.join(spaces)}): map "
            "those of one space"
        )
    passages = sum(map(len, served))
    if not passages:
        raise ConfigError(f"{datasets[0]} has no passage: run `semantic-assets refresh`")
    stretches = tuple(_stretches(served, -(-passages // MAX_SHOWN)))
    narrow = _narrow(stretches, store.report_progress)
    store.report_progress(f"laying out {len(narrow):,} passages")
    places = laid_out(narrow, narrow[:: max(1, len(narrow) // _SAMPLE)])
    return CorpusMap(
        title=", ".join(str(rows.version.dataset) for rows in served),
        places=places,
        groupings=tuple(_groupings(stretches)),
        labels=tuple(_labels(places, stretches)),
        passages=passages,
        _stretches=stretches,
        _starts=_starts(stretches),
    )


def _stretches(served: Sequence[ServedRows], step: int) -> list[_Stretch]:
    return [
        _Stretch(str(rows.version.dataset), part, np.arange(0, len(part), step))
        for rows in served
        for shard in rows.shards
        for part in shard.parts
        if len(part)
    ]


def _starts(stretches: Sequence[_Stretch]) -> Numbers:
    return np.cumsum([0, *(len(one.numbers) for one in stretches)], dtype=np.int64)[:-1]


def _vectors(stretch: _Stretch, numbers: Numbers) -> Vectors:
    return stretch.part.stored.taken(stretch.part.places(numbers))


def _narrow(stretches: Sequence[_Stretch], told: Callable[[str], None]) -> Vectors:
    """Return all vectors on their principal axes; the whole ones are never all in memory."""
    total = sum(len(one.numbers) for one in stretches)
    step = max(1, total // _SAMPLE)
    mean, basis = principal_axes(
        np.concatenate([_vectors(one, one.numbers[::step]) for one in stretches])
    )
    found: list[Vectors] = []
    done = 0
    for one in stretches:
        for start in range(0, len(one.numbers), _ROWS_AT_ONCE):
            some = one.numbers[start : start + _ROWS_AT_ONCE]
            found.append(((_vectors(one, some) - mean) @ basis).astype(np.float32))
            done += len(some)
        told(ProgressLine("vectors read", done, total))
    return np.concatenate(found)


def _column(stretch: _Stretch, name: str, numbers: Numbers | None = None) -> pa.ChunkedArray:
    return stretch.part.taken(stretch.numbers if numbers is None else numbers, [name])[name]


def _has(stretch: _Stretch, words: str) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(stretch.numbers), np.bool_)
    for start in range(0, len(found), _ROWS_AT_ONCE):
        some = stretch.numbers[start : start + _ROWS_AT_ONCE]
        for name in ("title", "text"):
            has = pc.match_substring(_column(stretch, name, some), words, ignore_case=True)
            found[start : start + len(some)] |= pc.fill_null(has, False).to_numpy()
    return found


def _groupings(stretches: Sequence[_Stretch]) -> list[Grouping]:
    """Return what tells passages apart: their dataset, folder, kind and document."""
    told: dict[str, list[str]] = {"dataset": [], "folder": [], "kind": [], "document": []}
    for one in stretches:
        below = [
            str(uri).removeprefix(f"{one.dataset}/") for uri in _column(one, "uri").to_pylist()
        ]
        told["dataset"] += [one.dataset] * len(below)
        told["folder"] += [path.partition("/")[0] if "/" in path else "." for path in below]
        told["kind"] += [PurePosixPath(path.partition("#")[0]).suffix.lower() for path in below]
        told["document"] += below
    found = [_grouping(title, names) for title, names in told.items()]
    return [one for one in found if len(one.names) > 1] or found[:1]


def _grouping(title: str, of_each: Sequence[str]) -> Grouping:
    names = [name for name, _ in Counter(of_each).most_common()]
    if len(names) > _GROUPS:
        names = [*names[: _GROUPS - 1], _OTHERS]
    numbers = {name: number for number, name in enumerate(names)}
    last = len(names) - 1
    of = np.fromiter((numbers.get(name, last) for name in of_each), np.uint8, len(of_each))
    return Grouping(title, tuple(name or "no ending" for name in names), of)


def _labels(places: Vectors, stretches: Sequence[_Stretch]) -> list[tuple[float, float, str]]:
    """Name regions by the words that more of their texts have than of all."""
    region = regions(places, min(_REGIONS, max(1, len(places) // 12)))
    texts = {
        number: _texts(stretches, np.flatnonzero(region == number))
        for number in range(int(region.max()) + 1)
    }
    held = {
        number: Counter(word for text in some for word in text) for number, some in texts.items()
    }
    everywhere = sum(held.values(), Counter[str]())
    total = sum(map(len, texts.values()))
    found = []
    for number, some in texts.items():
        words = _telling(held[number], len(some), everywhere, total)
        if words:
            middle = np.median(places[region == number], axis=0)
            found.append((float(middle[0]), float(middle[1]), " · ".join(words)))
    return found


def _texts(stretches: Sequence[_Stretch], numbers: Numbers) -> list[set[str]]:
    """Return the words of some texts of a region."""
    starts, found = _starts(stretches), []
    for number in numbers[:: max(1, len(numbers) // _TEXTS_A_REGION)].tolist():
        place = int(np.searchsorted(starts, number, side="right")) - 1
        one = stretches[place]
        row = one.part.row(int(one.numbers[number - int(starts[place])]))
        found.append(set(_WORD.findall(str(row["text"]).lower())))
    return found


def _telling(held: Counter[str], texts: int, everywhere: Counter[str], total: int) -> list[str]:
    def lift(word: str) -> float:
        elsewhere = (everywhere[word] - held[word] + 1) / max(1, total - texts + 1)
        return held[word] / max(1, texts) / elsewhere

    often = [word for word, count in held.items() if count * 4 >= texts and count > 1]
    best = sorted(often, key=lambda word: (-lift(word) * held[word], word))
    return [word for word in best if lift(word) >= _MORE_OFTEN][:_WORDS]
