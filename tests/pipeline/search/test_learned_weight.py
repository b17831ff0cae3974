"""When a weight of hybrid search is learned from judged questions, and when the usual one stays."""

import numpy as np
import pytest

from semantic_assets.pipeline.search.fusion import WEIGHT
from semantic_assets.pipeline.search.judged.learned_weight import (
    FEWEST,
    MOST,
    WEIGHTS,
    learned_weight,
)


def _peak(best: float, *, noise: float = 0.0):
    """nDCG that is highest at one weight, and differs from question to question by chance."""

    def scores(weight, numbers):
        chance = [np.random.default_rng((number, int(weight * 100))).normal() for number in numbers]
        return 0.9 - 0.2 * abs(weight - best) + noise * np.array(chance)

    return scores


@pytest.mark.parametrize("best", [weight for weight in WEIGHTS if abs(weight - WEIGHT) > 0.15])
def test_a_weight_that_is_better_for_other_questions_is_learned(best: float):
    assert learned_weight(200, _peak(best, noise=0.02)) == best


def test_what_chance_alone_prefers_is_not_learned():
    found = {learned_weight(count, _peak(WEIGHT, noise=0.2)) for count in range(40, 140, 5)}
    assert found <= {None, WEIGHT}


def test_from_few_questions_nothing_is_learned():
    assert learned_weight(FEWEST - 1, _peak(WEIGHTS[-1])) is None
    assert learned_weight(FEWEST, _peak(WEIGHTS[-1])) == WEIGHTS[-1]


def test_of_many_questions_some_are_tried_spread_over_all():
    asked = set()

    def scores(weight, numbers):
        asked.add(tuple(numbers))
        return np.full(len(numbers), weight)

    assert learned_weight(5_000, scores) == WEIGHTS[-1]
    (numbers,) = asked
    assert len(numbers) == MOST
    assert (numbers[0], numbers[-1]) == (0, 4_999)


def test_of_equal_weights_the_usual_stays():
    assert learned_weight(100, lambda weight, numbers: np.ones(len(numbers))) is None
