"""Articles of any number, length and mix of scripts, the same for the same seed.

Words are made of syllables and drawn by Zipf's law; sentences make paragraphs, headings stand
between some of them, so that cutting and token counts meet what they meet in real articles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_SYLLABLES = {
    "latin": [
        "ta",
        "re",
        "in",
        "ko",
        "mel",
        "dur",
        "sha",
        "pi",
        "lo",
        "van",
        "ger",
        "tis",
        "um",
        "qua",
        "fer",
        "bo",
        "ne",
        "la",
    ],
    "cyrillic": [
        "та",
        "ре",
        "ин",
        "ко",
        "мель",
        "дур",
        "ша",
        "пи",
        "ло",
        "ван",
        "гер",
        "тис",
        "ум",
        "ква",
        "фер",
        "бо",
        "не",
        "ла",
    ],
    "cjk": list("天地人山水火木金土日月星風雨雪海河石光電車馬魚鳥花草田米茶門家道書文字言語"),
}
_VOCABULARY = 5_000
_BATCH = 1_000
LATIN_ONLY: Mapping[str, float] = MappingProxyType({"latin": 1.0})
SCHEMA = pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.large_string())])


@dataclass(frozen=True, slots=True)
class _Language:
    words: list[str]
    #: Upper ends of the words' shares of the line from 0 to 1.
    ends: np.ndarray
    joint: str

    def draw(self, rng: np.random.Generator, count: int) -> list[str]:
        places = np.searchsorted(self.ends, rng.random(count) * self.ends[-1])
        return [self.words[place] for place in places]


def write_articles(
    path: Path, *, articles: int, chars: int, seed: int, scripts: Mapping[str, float] = LATIN_ONLY
) -> None:
    """A Parquet file of `articles` records of about `chars` characters (0.5 to 1.5 times)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for batch in _batches(articles, chars, seed, scripts):
            writer.write_batch(batch)


def _batches(
    articles: int, chars: int, seed: int, scripts: Mapping[str, float]
) -> Iterator[pa.RecordBatch]:
    rng = np.random.default_rng(seed)
    languages = {name: _language(name, rng) for name in scripts}
    chosen = rng.choice(list(scripts), size=articles, p=list(scripts.values()))
    for first in range(0, articles, _BATCH):
        rows = [
            _article(rng, languages[name], seed, first + offset, chars)
            for offset, name in enumerate(chosen[first : first + _BATCH])
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def _language(name: str, rng: np.random.Generator) -> _Language:
    syllables = _SYLLABLES[name]
    lengths = rng.integers(1, 5, size=_VOCABULARY)
    words = ["".join(rng.choice(syllables, size=length)) for length in lengths]
    ends = np.cumsum(1.0 / np.arange(1, _VOCABULARY + 1))
    return _Language(words, ends, "" if name == "cjk" else " ")


def _article(
    rng: np.random.Generator, language: _Language, seed: int, number: int, chars: int
) -> dict[str, str]:
    wanted = int(chars * rng.uniform(0.5, 1.5))
    drawn = language.draw(rng, wanted // 4 + 100)
    parts: list[str] = []
    size = place = 0
    while size < wanted:
        count = int(rng.integers(25, 90))
        body = language.joint.join(drawn[place % len(drawn) :][:count])
        heading = f"## {language.joint.join(language.draw(rng, 3))}\n\n"
        parts.append(f"{heading if rng.random() < 0.2 else ''}{body.capitalize()}.")
        size, place = size + len(parts[-1]) + 2, place + count
    title = language.joint.join(language.draw(rng, 4)).capitalize()
    return {"id": f"{seed}-{number}", "title": title, "text": "\n\n".join(parts)}
