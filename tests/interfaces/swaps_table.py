"""Which swaps of answers inside one job are seen, from the checks themselves: docs/limits.md.

A swap is seen if token counts refuse the file, or if a row that is embedded again is among the
swapped ones; that vectors of different texts do not agree is shown by `tests.chaos`.

python -m tests.interfaces.swaps_table --write
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from semantic_assets.batching.canary_rows import choose_canaries
from semantic_assets.batching.plausibility import Floats, implausible
from tests.interfaces import generated
from tests.interfaces.generated import row, table

#: Some edits; an article or two; a job of tier 1; a job of tier 2.
SIZES = (8, 40, 227, 2_270)
#: Parts of the rows that are exchanged; 0 is one pair, which is the least there is.
FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
TRIALS = 200
#: Standard deviation of the logarithm of estimate over count.
_ESTIMATE_ERROR = 0.2
#: Tokens of a chunk of the articles in docs/costs.md.
_TOKENS = 341
Lengths = Callable[[np.random.Generator, int], Floats]
CORPORA: dict[str, Lengths] = {
    "from 1 to 20": lambda rng, size: 48 * 20 ** rng.random(size),
    "chunks of articles, from 1 to 10": lambda rng, size: rng.uniform(62, 620, size),
    "all equal": lambda rng, size: np.full(size, float(_TOKENS)),
}


@dataclass(frozen=True, slots=True)
class Series:
    """The trials of one corpus and size: how many swaps were seen, by fraction, and the cost."""

    seen: dict[float, int]
    rows: float
    part_of_bill: float

    def seen_from(self, least: float) -> str:
        """Return the part from which on this many of all swaps are seen."""
        enough = [part for part in FRACTIONS if self.seen[part] >= least * TRIALS]
        held = [p for p in enough if all(q in enough for q in FRACTIONS if q >= p)]
        return f"{held[0]:.0%}".replace("%", " %") if held and held[0] else "one pair"


def tried(corpus: str, size: int) -> Series:
    """Swap the answers of jobs of texts so long."""
    seen, rows, parts = dict.fromkeys(FRACTIONS, 0), 0, 0.0
    for fraction in FRACTIONS:
        for trial in range(TRIALS):
            rng = np.random.default_rng([list(CORPORA).index(corpus), size, trial])
            estimates, counts, swapped = _job(rng, CORPORA[corpus], size, fraction)
            again = choose_canaries(estimates, counts, f"{trial}")
            is_caught = implausible(estimates, counts) is not None
            seen[fraction] += is_caught or not swapped.isdisjoint(again)
            rows += len(again)
            parts += 2 * float(counts[again].sum() / counts.sum())
    trials = TRIALS * len(FRACTIONS)
    return Series(seen, rows / trials, parts / trials)


def _job(
    rng: np.random.Generator, lengths: Lengths, size: int, fraction: float
) -> tuple[Floats, Floats, set[int]]:
    """Estimates, the counts that came back, and the rows that were exchanged."""
    own = np.rint(lengths(rng, size))
    estimates = np.maximum(1, np.rint(own * np.exp(rng.normal(0, _ESTIMATE_ERROR, size))))
    swapped = rng.choice(size, min(size, max(2, round(fraction * size))), replace=False)
    counts = own.copy()
    counts[swapped] = np.roll(own[swapped], 1)
    return estimates, counts, {int(one) for one in swapped}


def tables() -> str:
    """Everything between the two comments of the page."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield from table(
        "texts in the job",
        "their lengths",
        "embedded again",
        "adds to the batch price",
        "one pair swapped: seen",
        "always seen from",
        "in 9 of 10 from",
    )
    for size in SIZES:
        yield from rows_of(size)


def rows_of(size: int) -> Iterator[str]:
    """The lines of the table for jobs of so many texts."""
    for corpus in CORPORA:
        series = tried(corpus, size)
        yield row(
            f"{size:,}",
            corpus,
            f"{series.rows:.1f}",
            f"{series.part_of_bill:.1%}".replace("%", " %"),
            f"{series.seen[0.0]} of {TRIALS}",
            series.seen_from(1.0),
            series.seen_from(0.9),
        )


def written(page: str) -> str:
    """The page with its table made anew."""
    return generated.written(page, "tests.interfaces.swaps_table", tables)


if __name__ == "__main__":
    generated.rewrite("limits.md", sys.argv[1:], written)
