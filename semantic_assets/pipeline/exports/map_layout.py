"""Places for vectors on a plane, so that those near each other stay near: landmarks by t-SNE.

Exact t-SNE takes the square of its points. So a thousand centres of the vectors are laid out, and
each vector goes among the centres that it is nearest to.
"""

import numpy as np
import numpy.typing as npt

from semantic_assets.index.one_thread import use_one_thread
from semantic_assets.index.ranking import Vectors

#: Centres, principal axes that are compared, and rounds of k-means, of the axes and of t-SNE.
_CENTRES, _AXES = 1_000, 32
_MEAN_ROUNDS, _AXIS_ROUNDS, _ROUNDS = 8, 6, 350
#: Neighbours that a centre should have, and how long the first rounds pull them together.
_PERPLEXITY, _EARLY_ROUNDS, _EARLY_PULL = 12.0, 80, 6.0
#: Centres that a vector is placed among, how much the nearest counts, and how far around its place
#: it is strewn, in distances to the next centre: else all of a centre would lie on one another.
_AMONG, _SHARPNESS, _STREWN = 3, 4, 0.8
_TINY = np.float32(1e-12)


def principal_axes(sample: Vectors) -> tuple[Vectors, Vectors]:
    """Return the mean of vectors, and their first principal axes, shape (dimensions, axes)."""
    use_one_thread()
    mean: Vectors = sample.mean(axis=0)
    centred = sample - mean
    axes = min(_AXES, *centred.shape)
    basis = np.random.default_rng(0).standard_normal((centred.shape[1], axes)).astype(np.float32)
    for _ in range(_AXIS_ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    return mean, basis


def laid_out(narrow: Vectors, sample: Vectors) -> Vectors:
    """Return a place between 0 and 1 for each vector, shape (vectors, 2); the same each time.

    Args:
        narrow: the vectors on their principal axes.
        sample: some of them, of which the centres are formed.
    """
    use_one_thread()  # a thousand centres: 0.9 CPU seconds, on two threads that wait actively 7
    if len(narrow) <= _CENTRES:
        return _fitted(_embedded(narrow))
    centres = _centres(sample, _CENTRES)
    places = _embedded(centres)
    blocks = np.array_split(narrow, -(-len(narrow) // 4_096))
    placed = np.concatenate([_among(block, centres, places) for block in blocks])
    return _fitted(_strewn(placed, places))


def regions(places: Vectors, count: int) -> npt.NDArray[np.intp]:
    """Return for each place the number of its region, of at most `count`."""
    spread = places[:: max(1, len(places) // 20_000)]
    centres = _centres(spread, min(count, len(spread)))
    blocks = np.array_split(places, -(-len(places) // 65_536))
    found = [_distances(block, centres).argmin(axis=1) for block in blocks]
    return np.concatenate(found)


def _centres(sample: Vectors, count: int) -> Vectors:
    """Return the centres that k-means finds, begun at places spread over the sample."""
    chosen = np.random.default_rng(0).permutation(len(sample))[:count]
    centres = sample[chosen].copy()
    for _ in range(_MEAN_ROUNDS):
        nearest = _distances(sample, centres).argmin(axis=1)
        sizes = np.bincount(nearest, minlength=len(centres))
        order = np.argsort(nearest, kind="stable")
        firsts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        held = sizes > 0
        centres[held] = np.add.reduceat(sample[order], firsts) / sizes[held, None]
    return centres


def _distances(these: Vectors, those: Vectors) -> Vectors:
    """Return the squares of the distances, shape (these, those)."""
    found: Vectors = these @ (-2 * those.T)
    found += np.square(these).sum(axis=1)[:, None]
    found += np.square(those).sum(axis=1)
    np.maximum(found, 0, out=found)
    return found


def _embedded(vectors: Vectors) -> Vectors:
    """Return places by t-SNE, begun at the first two principal axes."""
    count = len(vectors)
    if count < 4:
        return np.eye(count, 2, dtype=np.float32)
    wanted = _affinities(_distances(vectors, vectors))
    places = vectors[:, :2] - vectors[:, :2].mean(axis=0)
    if places.shape[1] < 2:
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    places = places * np.float32(1e-2) / max(float(places.std()), float(_TINY))
    moved, gains = np.zeros_like(places), np.ones_like(places)
    rate = np.float32(max(count / _EARLY_PULL / 4, 50.0))
    for number in range(_ROUNDS):
        is_early = number < _EARLY_ROUNDS
        slope = _slope(wanted, places, _EARLY_PULL if is_early else 1.0)
        is_same = np.sign(slope) == np.sign(moved)
        gains = np.maximum(np.where(is_same, gains * 0.8, gains + 0.2), 0.01).astype(np.float32)
        moved = np.float32(0.5 if is_early else 0.8) * moved - rate * gains * slope
        places = places + moved
        places -= places.mean(axis=0)
    embedded: Vectors = places.astype(np.float32)
    return embedded


def _slope(wanted: Vectors, places: Vectors, pull: float) -> Vectors:
    near = 1 / (1 + _distances(places, places))
    np.fill_diagonal(near, 0)
    force = (np.float32(pull) * wanted - near / max(near.sum(), _TINY)) * near
    slope: Vectors = 4 * (force.sum(axis=1)[:, None] * places - force @ places)
    return slope


def _affinities(distances: Vectors) -> Vectors:
    """Return how near each pair is, each row with the neighbours of the wanted perplexity."""
    count = len(distances)
    wanted = np.log(min(_PERPLEXITY, (count - 1) / 3))
    np.fill_diagonal(distances, np.inf)
    distances = distances - distances.min(axis=1)[:, None]
    finite = np.where(np.isfinite(distances), distances, 0)
    low, high = np.full(count, 1e-9), np.full(count, 1e9)
    rows = distances
    for _ in range(40):
        narrowness = np.sqrt(low * high)
        rows = np.exp(-distances * narrowness[:, None].astype(np.float32))
        total = rows.sum(axis=1)
        entropy = np.log(total) + narrowness * (rows * finite).sum(axis=1) / total
        low = np.where(entropy > wanted, narrowness, low)
        high = np.where(entropy > wanted, high, narrowness)
    rows = rows / rows.sum(axis=1)[:, None]
    joint: Vectors = ((rows + rows.T) / (2 * count)).astype(np.float32)
    return joint


def _among(block: Vectors, centres: Vectors, places: Vectors) -> Vectors:
    """Return places among those of the nearest centres, the nearer the more."""
    distances = _distances(block, centres)
    nearest = np.argpartition(distances, _AMONG - 1, axis=1)[:, :_AMONG]
    found = np.take_along_axis(distances, nearest, axis=1) + _TINY
    weights = (found.min(axis=1)[:, None] / found) ** _SHARPNESS
    weights /= weights.sum(axis=1)[:, None]
    placed: Vectors = np.einsum("nk,nkd->nd", weights, places[nearest]).astype(np.float32)
    return placed


def _strewn(placed: Vectors, places: Vectors) -> Vectors:
    """Return places with each moved a little, within a disc as wide as centres are apart there."""
    apart = _distances(places, places)
    np.fill_diagonal(apart, np.inf)
    room = np.sqrt(apart.min(axis=1))
    blocks = np.array_split(placed, -(-len(placed) // 4_096))
    at = np.concatenate([_distances(block, places).argmin(axis=1) for block in blocks])
    random = np.random.default_rng(0)
    angle, far = random.uniform(0, 2 * np.pi, len(placed)), np.sqrt(random.random(len(placed)))
    radius = _STREWN * room[at] * far
    moved = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    strewn: Vectors = placed + moved.astype(np.float32)
    return strewn


def _fitted(places: Vectors) -> Vectors:
    """Return places moved and scaled into the unit square, both axes alike."""
    low, high = places.min(axis=0), places.max(axis=0)
    scale = max(float((high - low).max()), float(_TINY))
    fitted: Vectors = (0.5 + (places - (low + high) / 2) / scale).astype(np.float32)
    return fitted
