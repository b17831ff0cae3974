"""Whether two passages say the same but for a few characters, as copies and boilerplate do.

A number more or less is another passage where the text is short: two records of one form differ by
little else. Of a long text nine of ten runs of three words must be the same.
"""

import re
from dataclasses import dataclass
from functools import cached_property

_RUN, _ALIKE = 3, 0.9
#: Texts whose lengths differ by more are not compared.
_LENGTHS = 0.85
#: A word; of scripts without spaces each character.
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff]+"
)


@dataclass(frozen=True)
class Likeness:
    """A text as it is compared with others."""

    text: str

    def is_like(self, other: "Likeness") -> bool:
        """Return whether the two texts are the same, or nearly so."""
        if self.text == other.text:
            return True
        short, long = sorted((len(self.text), len(other.text)))
        if short < long * _LENGTHS:
            return False
        if self._words == other._words:
            return True
        shared = len(self._runs & other._runs)
        return shared >= _ALIKE * (len(self._runs) + len(other._runs) - shared) > 0

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(_WORD.findall(self.text.casefold()))

    @cached_property
    def _runs(self) -> frozenset[tuple[str, ...]]:
        words = self._words
        return frozenset(zip(*(words[nth:] for nth in range(_RUN)), strict=False))
