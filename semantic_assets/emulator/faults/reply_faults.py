"""Faults that change good vectors in real time.

Not here: whether they fire.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.http.calls import Call

Message = Mapping[str, Any]


def has_embeddings(reply: Any, least: int = 1) -> bool:
    """Return whether an answer has at least so many vectors."""
    return isinstance(reply, Mapping) and len(_vectors(reply)) >= least


def _vectors(reply: Message) -> Sequence[Message]:
    return [reply["embedding"]] if "embedding" in reply else reply.get("embeddings", ())


def with_noise(_: Call, reply: Message, firing: Firing) -> Message:
    """Turn the vectors away from a batch's answer, by the given cosine."""
    cosine = firing.parameters["cosine"]
    turned = [
        {"values": _turned(vector["values"], cosine, [firing.number, position])}
        for position, vector in enumerate(_vectors(reply))
    ]
    if "embedding" in reply:
        return {**reply, "embedding": turned[0]}
    return {**reply, "embeddings": turned}


def _turned(
    values: npt.NDArray[np.float32], cosine: float, seed: list[int]
) -> npt.NDArray[np.float32]:
    length = np.linalg.norm(values)
    unit = values / length
    noise = np.random.default_rng(seed).standard_normal(len(values))
    noise -= (noise @ unit) * unit
    noise /= np.linalg.norm(noise) or 1.0
    turned = cosine * unit + np.sqrt(1 - cosine**2) * noise
    return np.asarray(length * turned, dtype=np.float32)


def with_swapped_vectors(_: Call, reply: Message, __: Firing) -> Message:
    """Put every vector in its neighbour's place."""
    vectors = list(_vectors(reply))
    return {**reply, "embeddings": vectors[1:] + vectors[:1]}


def with_fewer_vectors(_: Call, reply: Message, firing: Firing) -> Message:
    """Leave out the last vectors (ogham-mcp 60)."""
    kept = max(0, len(_vectors(reply)) - firing.parameters["count"])
    return {**reply, "embeddings": _vectors(reply)[:kept]}
