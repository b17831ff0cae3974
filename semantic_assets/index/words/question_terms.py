"""What a question looks for, before it is known in which languages the texts are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from semantic_assets.index.words.function_words import FUNCTION_WORDS
from semantic_assets.index.words.raw_words import raw_words
from semantic_assets.index.words.row_languages import spoken_languages
from semantic_assets.index.words.stems import stem, stemmer_of
from semantic_assets.index.words.word_units import word_units


@dataclass(frozen=True, slots=True)
class Terms:
    """The units of a question's words, without those that only hold it together."""

    units: tuple[str, ...]

    def stemmed(self, languages: Iterable[str]) -> dict[bytes, int]:
        """Return the terms in texts of these languages, and how often the question has each.

        A unit has a term for each language that may have been the row's: the rows know theirs, the
        question does not.
        """
        found: Counter[bytes] = Counter()
        spoken = tuple(languages) or ("",)
        for unit in self.units:
            stemmers = {stemmer_of(unit, language) for language in spoken}
            found.update({stem(unit, one).encode() for one in stemmers})
        return dict(found)


def every_term(text: str) -> Terms:
    """Return all that a text is found by, each once."""
    raw = raw_words([pa.array([text], pa.large_string())]).distinct
    return Terms(tuple(dict.fromkeys(unit for word in raw for unit in word_units(word))))


def terms_of(question: str) -> Terms:
    """Return what a question looks for.

    Words that hold a sentence together and words for asking are left out if others remain: it costs
    time and nDCG@10 to look for them (.9694 with, .9731 without them in English; .951, .954 in Russian).
    """
    cut = raw_words([pa.array([question], pa.large_string())])
    raw = [cut.distinct[place] for place in cut.words.tolist()]
    languages = spoken_languages([word.lower() for word in raw])
    is_shouted = question.isupper()
    units: list[str] = []
    left_out: list[str] = []
    for word in raw:
        is_name = word.isupper() and len(word) > 1 and not is_shouted  # IT and WHO are no pronouns
        is_function = languages & set(FUNCTION_WORDS.get(word.lower(), ()))
        (left_out if is_function and not is_name else units).extend(word_units(word))
    return Terms(tuple(units or left_out))
