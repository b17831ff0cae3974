"""vector_map: a sample of a shard's vectors as points of a plane, each with the source it is of."""

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
#: What the eye tells apart; the smallest sources share the last one.
MAX_GROUPS = 9
OTHERS = "others"
#: Two axes are drawn; those beside them make the first two exact.
_AXES, _ROUNDS = 8, 6
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorMap:
    """`points` and `group_of` go together; `group_of` counts in `groups`, the largest first."""

    shard: ShardKey
    points: Numbers
    group_of: npt.NDArray[np.int64]
    groups: tuple[str, ...]
    #: READY and FAILED rows of the table that the points are a sample of.
    rows: int
    #: Of the scatter of the sample, what the plane shows.
    variance_share: float


def vector_map(store: Store, shard: ShardKey, path: str) -> VectorMap | None:
    """The two principal axes of at most 2,000 vectors; the same each time for the same file.

    None where there are fewer than three: they lie in a plane anyway.
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
    """READY rows from the head of each row group, and how many rows the file has.

    The head costs the pages it is on. Whole row groups would be 170 MB of a shard, and a few of
    them would show a few sources only.
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
    """Coordinates on the first two principal axes, and the share of the scatter they hold.

    Narrowed down to a few axes first: the SVD of 2,000 x 768 takes a CPU second, this 0.05.
    """
    centred = vectors - vectors.mean(axis=0)
    start = np.random.default_rng(0).standard_normal((centred.shape[1], _AXES))
    basis = start.astype(np.float32)
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    narrow = centred @ basis
    _, scale, axes = np.linalg.svd(narrow, full_matrices=False)
    # An axis may point either way: one way always, so that two pictures compare.
    towards = np.where(axes[:2].sum(axis=1) < 0, -1, 1)[:, None]
    scatter = float(np.square(centred).sum())
    share = float(np.square(scale[:2]).sum()) / scatter if scatter else 1.0
    return narrow @ (axes[:2] * towards).T, min(share, 1.0)


def _sources(store: Store, shard: ShardKey, documents: pa.ChunkedArray) -> list[str]:
    """The folder below the dataset, or, where all are in one, the file."""
    if not store.lake.exists(layout.documents(shard)):
        return [OTHERS] * len(documents)  # embeddings are assembled without them
    table = store.lake.read(layout.documents(shard), ["document_id", "uri"])
    place = pc.index_in(documents, table["document_id"].combine_chunks())
    below = [_below(shard.dataset, uri) for uri in table["uri"].take(place).to_pylist()]
    folders = [name.rpartition("/")[0].partition("/")[0] for name in below]
    return below if len(set(folders)) == 1 else [folder or "." for folder in folders]


def _below(dataset: DatasetKey, uri: str | None) -> str:
    """A document that was taken out since has no name any more."""
    return OTHERS if uri is None else uri.removeprefix(f"{dataset}/")


def _groups(names: Sequence[str]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Numbers and names of the largest; one name over what is left."""
    counted = sorted(Counter(names).items(), key=lambda item: (item[0] == OTHERS, -item[1], item))
    groups = [name for name, _ in counted]
    if len(groups) > MAX_GROUPS or OTHERS in groups:
        groups = [name for name in groups[: MAX_GROUPS - 1] if name != OTHERS] + [OTHERS]
    number = {name: place for place, name in enumerate(groups)}
    found = [number.get(name, len(groups) - 1) for name in names]
    return np.array(found, dtype=np.int64), tuple(groups)
