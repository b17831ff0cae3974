"""Excerpts of a prompt that fill an answer: sentences of its text, or of its media.

Each sentence begins with a mark, so that wherever it is shown it is not taken for a model's.
Not here: which member of an answer gets which excerpt (`schemas.py`).
"""

import re
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple
from zlib import crc32

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.answers.prompts import Prompt

#: What an emulator's sentence begins with.
MARK = "[placeholder] "
_SENTENCE_END = re.compile(r"(?<=[.!?\u3002])\s+|(?<=\u3002)")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_STAMP = re.compile(r"At (\d\d):(\d\d) ")
# In a language without blanks, a stretch of characters.
_WORD = re.compile(r"[^\W\d_]{4,20}")
_ANSWER_SENTENCES = 2
_SUMMARY_SENTENCES = 3


class Moment(NamedTuple):
    """A sentence with the second it is about."""

    second: int
    text: str


class Excerpt:
    """The sentences of a prompt, given out with at most so many tokens each."""

    def __init__(self, prompt: Prompt, most_tokens: int) -> None:
        self._is_media = bool(prompt.media)
        self._most_tokens = most_tokens
        shown = [sentence for seen in prompt.media for sentence in seen.look.sentences]
        self._sentences = shown or _subject(prompt.text)

    @cached_property
    def moments(self) -> list[Moment]:
        """The sentences of sounds and films that belong to a second."""
        stamped = ((_STAMP.match(sentence), sentence) for sentence in self._sentences)
        if not self._is_media:
            return []
        return [Moment(int(m[1]) * 60 + int(m[2]), MARK + text) for m, text in stamped if m]

    def sentence(self, name: str, item: int = 0) -> str:
        """Return the sentence of a name, always the same one; another item gets another one."""
        if not self._sentences:
            return name
        number = (crc32(name.encode()) + item) % len(self._sentences)
        return self._bounded(MARK + self._sentences[number])

    def answer(self) -> str:
        """Return the answer to a prompt that asks for no schema."""
        shown = self._sentences if self._is_media else self._sentences[:_ANSWER_SENTENCES]
        return " ".join(MARK + sentence for sentence in shown)

    def summary(self, item: int = 0) -> str:
        """Return all that media show, or one to three sentences of a text."""
        if self._is_media or not self._sentences:
            return self.answer()
        first = item % len(self._sentences)
        following = self._sentences[first : first + _SUMMARY_SENTENCES]
        chosen = [MARK + sentence for sentence in following]
        reached = accumulate(tokens.count_all(chosen))
        fitting = sum(count <= self._most_tokens for count in reached)
        return " ".join(chosen[:fitting]) if fitting else self._bounded(chosen[0])

    def words(self, most: int) -> list[str]:
        """Return the longest words, each once."""
        found: dict[str, str] = {}
        for sentence in self._sentences:
            for word in _WORD.findall(sentence):
                found.setdefault(word.casefold(), word)
        return sorted(found.values(), key=len, reverse=True)[:most]

    def _bounded(self, text: str) -> str:
        # No token is shorter than a character.
        if len(text) <= self._most_tokens:
            return text
        cut = tokens.truncate(text, self._most_tokens)
        return text if cut == text else cut.rsplit(" ", 1)[0]


def _subject(prompt: str) -> list[str]:
    """Return the sentences of the longest paragraph: mostly the text and not the instruction."""
    longest = max(_PARAGRAPH_END.split(prompt), key=len, default="").strip()
    return [sentence for sentence in _SENTENCE_END.split(longest) if sentence]
