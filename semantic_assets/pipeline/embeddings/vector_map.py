"""Project a sample of a shard's vectors onto a plane, each point with its source."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.store import Store

MAX_POINTS = 2_000
#: The number of groups the eye can distinguish; the smallest sources share the last one.
MAX_GROUPS = 9
OTHERS = "others"
#: Two axes are drawn; the others make the first two exact.
_AXES, _ROUNDS = 8, 6
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorMap:
    """The points of a shard's map; `group_of` gives each point's index in `groups`, largest first."""

    shard: ShardKey
    points: Numbers
    group_of: npt.NDArray[np.int64]
    groups: tuple[str, ...]
    #: READY and FAILED rows of the table that the points are a sample of.
    rows: int
    #: The share of the sample's scatter that the plane shows.
    variance_share: float


def vector_map(store: Store, shard: ShardKey, path: str) -> VectorMap | None:
    """Project at most 2,000 vectors onto their two principal axes; None: fewer than three vectors.

    The same file gives the same map each time.
    """
    sample, rows = _sample(store, path)
    if sample.num_rows < 3:
        return None
    vectors = sample["vector"].combine_chunks().flatten().to_numpy().reshape(sample.num_rows, -1)
    points, share = _plane(vectors)
    group_of, groups = _groups(_sources(store, shard, sample["document_id"]))
    return VectorMap(
        shard=shard,
        points=points,
        group_of=group_of,
        groups=groups,
        rows=rows,
        variance_share=share,
    )


def _sample(store: Store, path: str) -> tuple[pa.Table, int]:
    """Return READY rows from the head of each row group, and the number of rows in the file.

    A head costs only the pages it is on. Whole row groups would be 170 MB of a shard, and a few of
    them would show only a few sources.
    """
    with store.lake.open(path) as file:
        rows = file.metadata.num_rows
        fields = [file.schema_arrow.field(name) for name in ("document_id", "status", "vector")]
        groups = file.metadata.num_row_groups
        first = -(-MAX_POINTS // max(1, groups))
        heads = [
            next(file.iter_batches(first, [group], ["document_id", "status", "vector"]))
            for group in range(groups)
            if file.metadata.row_group(group).num_rows
        ]
    table = pa.Table.from_batches(heads, pa.schema(fields))
    return table.filter(pc.equal(table["status"], RowStatus.READY)).slice(0, MAX_POINTS), rows


def _plane(vectors: Numbers) -> tuple[Numbers, float]:
    """Return coordinates on the first two principal axes, and the share of the scatter they hold.

    The vectors are first reduced to a few axes: the SVD of 2,000 x 768 takes a CPU second, this 0.05.
    """
    centred = vectors - vectors.mean(axis=0)
    start = np.random.default_rng(0).standard_normal((centred.shape[1], _AXES))
    basis = start.astype(np.float32)
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    narrow = centred @ basis
    _, scale, axes = np.linalg.svd(narrow, full_matrices=False)
    # An axis may point either way: fix its direction, so that two pictures can be compared.
    towards = np.where(axes[:2].sum(axis=1) < 0, -1, 1)[:, None]
    scatter = float(np.square(centred).sum())
    share = float(np.square(scale[:2]).sum()) / scatter if scatter else 1.0
    return narrow @ (axes[:2] * towards).T, min(share, 1.0)


def _sources(store: Store, shard: ShardKey, documents: pa.ChunkedArray) -> list[str]:
    """List each document's folder below the dataset, or its file if all are in one folder."""
    if not store.lake.exists(layout.documents(shard)):
        return [OTHERS] * len(documents)  # embeddings are assembled without them
    table = store.lake.read(layout.documents(shard), ["document_id", "uri"])
    place = pc.index_in(documents, table["document_id"].combine_chunks())
    below = [_below(shard.dataset, uri) for uri in table["uri"].take(place).to_pylist()]
    folders = [name.rpartition("/")[0].partition("/")[0] for name in below]
    return below if len(set(folders)) == 1 else [folder or "." for folder in folders]


def _below(dataset: DatasetKey, uri: str | None) -> str:
    """Return a uri's part below its dataset; "others" for a document that was removed since."""
    return OTHERS if uri is None else uri.removeprefix(f"{dataset}/")


def _groups(names: Sequence[str]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return each name's group number, and the group names: the largest, and one for the rest."""
    counted = sorted(Counter(names).items(), key=lambda item: (item[0] == OTHERS, -item[1], item))
    groups = [name for name, _ in counted]
    if len(groups) > MAX_GROUPS or OTHERS in groups:
        groups = [name for name in groups[: MAX_GROUPS - 1] if name != OTHERS] + [OTHERS]
    number = {name: place for place, name in enumerate(groups)}
    found = [number.get(name, len(groups) - 1) for name in names]
    return np.array(found, dtype=np.int64), tuple(groups)
