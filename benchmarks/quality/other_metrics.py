"""The same metrics by ir_measures, which wraps trec_eval: ours must agree."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

IS_INSTALLED = find_spec("ir_measures") is not None


def other_means(
    ranked: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, float]]
) -> npt.NDArray[np.float64]:
    """Return nDCG@10, recall@10 and MRR of rankings by question, best first."""
    import ir_measures
    from ir_measures import RR, R, nDCG

    qrels = {
        query: {name: int(grade) for name, grade in grades.items()}
        for query, grades in relevant.items()
    }
    run = {
        query: {name: -float(place) for place, name in enumerate(names)}
        for query, names in ranked.items()
    }
    metrics = (nDCG @ 10, R @ 10, RR)
    found = ir_measures.calc_aggregate(metrics, qrels, run)
    return np.array([found[metric] for metric in metrics])
