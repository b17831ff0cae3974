"""Rows of results files by job and position, from which assembly takes the vectors."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.outcomes import Indices, KnownTexts, Mask
from semantic_assets.lake.table_rows import row_group_starts
from semantic_assets.lake.verified_file import broken
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Outcome

#: Decoded vectors kept for the next block: neighbours in a settled shard come from the same jobs,
#: in an often edited shard from many.
_KEPT_BYTES = 64 << 20
_KEPT_FILES = 64


@dataclass(frozen=True, slots=True)
class RowOutcomes:
    """Final outcomes of n texts, in the order they were asked for."""

    #: Shape (n, dimensions); zeros for failed texts.
    vectors: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.int32]
    is_failed: Mask
    job_ids: list[str]
    attempts: Indices
    error_codes: list[str | None]
    error_messages: list[str | None]


class ResultRows:
    """The open results files of one space, read a row group at a time.

    Each is checked by `require_intact` before it is opened.
    """

    def __init__(
        self, lake: Lake, space: EmbeddingSpace, require_intact: Callable[[str], None]
    ) -> None:
        self._lake, self._space, self._require_intact = lake, space, require_intact
        self._files: OrderedDict[str, pq.ParquetFile] = OrderedDict()
        self._groups: OrderedDict[tuple[str, int], _Group] = OrderedDict()
        self._kept = max(1, _KEPT_BYTES // (space.dimensions * 4 * 1024))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def of(self, known: KnownTexts, texts: Indices, keys: pa.StringArray) -> RowOutcomes:
        """Return the outcomes of the texts at these places; each has a final outcome.

        Args:
            keys: the text_hash at every place; a row of another text is never returned.

        Raises:
            BrokenFile: a results file is not whole, or the key index names another text's row.
        """
        count, jobs = len(texts), known.job[texts]
        names = np.asarray([*known.job_ids, ""], dtype=object)  # -1: failed, named below
        found = RowOutcomes(
            vectors=np.zeros((count, self._space.dimensions), dtype=np.float32),
            tokens=np.zeros(count, dtype=np.int32),
            is_failed=jobs < 0,
            job_ids=names[jobs].tolist(),
            attempts=known.attempts[texts],
            error_codes=[None] * count,
            error_messages=[None] * count,
        )
        for job in np.unique(jobs[jobs >= 0]).tolist():
            rows = np.flatnonzero(jobs == job)
            wanted = keys.take(pa.array(texts[rows]))
            self._fetch(known.job_ids[job], rows, known.position[texts[rows]], wanted, found)
        for row in np.flatnonzero(found.is_failed).tolist():
            landed = known.troubled[int(texts[row])]
            if landed.last_error is not None:
                self._explain(row, *landed.last_error, found)
        return found

    def _fetch(
        self,
        job_id: str,
        rows: Indices,
        positions: Indices,
        wanted: pa.StringArray,
        found: RowOutcomes,
    ) -> None:
        starts = row_group_starts(self._file(job_id))
        groups = np.searchsorted(starts, positions, side="right") - 1
        for number in np.unique(groups).tolist():
            mine = groups == number
            group, inside = self._group(job_id, number), positions[mine] - starts[number]
            if not group.keys.take(pa.array(inside)).equals(wanted.filter(pa.array(mine))):
                path = layout.key_index(self._space.product_id)
                raise broken(path, f"it names rows of {job_id} that are of other texts")
            found.vectors[rows[mine]] = group.vectors[inside]
            found.tokens[rows[mine]] = group.tokens[inside]

    def _explain(self, row: int, job_id: str, position: int, found: RowOutcomes) -> None:
        file = self._file(job_id)
        starts = row_group_starts(file)
        number = int(np.searchsorted(starts, position, side="right")) - 1
        errors = file.read_row_group(number, ["error_code", "error_message"], use_threads=False)
        found.job_ids[row] = job_id
        found.error_codes[row] = errors["error_code"][position - starts[number]].as_py()
        found.error_messages[row] = errors["error_message"][position - starts[number]].as_py()

    def _file(self, job_id: str) -> pq.ParquetFile:
        if job_id not in self._files:
            if len(self._files) >= _KEPT_FILES:
                self._files.popitem(last=False)[1].close()
            path = layout.results(self._space.product_id, job_id)
            self._require_intact(path)
            self._files[job_id] = self._lake.open(path)
        self._files.move_to_end(job_id)
        return self._files[job_id]

    def _group(self, job_id: str, number: int) -> "_Group":
        key = (job_id, number)
        if key not in self._groups:
            if len(self._groups) >= self._kept:
                self._groups.popitem(last=False)
            self._groups[key] = _Group.read(self._file(job_id), number)
        self._groups.move_to_end(key)
        return self._groups[key]


@dataclass(frozen=True, slots=True)
class _Group:
    vectors: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.int32]
    #: The text of each row that has a vector, null for the others.
    keys: pa.StringArray

    @classmethod
    def read(cls, file: pq.ParquetFile, number: int) -> Self:
        columns = ["text_hash", "vector", "token_count", "outcome"]
        table = file.read_row_group(number, columns, use_threads=False)
        column = table["vector"].combine_chunks()
        matrix = column.values.to_numpy(zero_copy_only=False).reshape(len(column), -1)
        is_ok = pc.equal(table["outcome"], Outcome.OK)
        keys = pc.if_else(is_ok, table["text_hash"], None).combine_chunks()
        return cls(matrix, table["token_count"].fill_null(0).to_numpy(), keys)
