"""Quality metrics of one question's ranking against documents judged relevant."""

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Return the nDCG of the first k documents, with linear gains (as in BEIR)."""
    gained = sum(
        relevant.get(document, 0.0) / math.log2(rank + 2)
        for rank, document in enumerate(ranked[:k])
    )
    best = sorted(relevant.values(), reverse=True)[:k]
    ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best))
    return gained / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Return the share of the relevant documents that are among the first k."""
    return len(relevant.keys() & set(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, float]) -> float:
    """Return 1 / rank of the first relevant document; 0 if none is found."""
    return next((1.0 / rank for rank, d in enumerate(ranked, start=1) if d in relevant), 0.0)


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the number of documents in both rankings over the length of the longer one."""
    longest = max(len(one), len(other))
    return len(set(one) & set(other)) / longest if longest else 1.0
