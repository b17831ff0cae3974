"""The word files of an index version: written for the parts that have none, and opened.

They are made from the texts that a part holds, so a part of an earlier release gets one when the next
version links it, and a search opens them without the vectors: of a version in Lance in a bucket only
they are fetched.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from semantic_assets.index.broken_index import opening
from semantic_assets.index.dead_rows import live_rows
from semantic_assets.index.description import Description, PartEntry
from semantic_assets.index.parts import Part
from semantic_assets.index.ranking import Numbers
from semantic_assets.index.words.word_file import (
    WORDS,
    WordFile,
    open_word_file,
    write_word_file,
)
from semantic_assets.index.words.word_index import WordIndex
from semantic_assets.index.words.word_writer import word_arrays
from semantic_assets.system.checksums import require_sums

#: Columns whose words a row is found by; the words of its text most often.
WORDS_OF = ("title", "heading_path", "text")
#: 4 MB of texts.
_BLOCK_ROWS = 2_048


def write_missing_words(part: Part) -> bool:
    """Write a part's word file, of its dead rows too, if it has none of this release."""
    if open_word_file(part.folder) is not None:
        return False
    write_word_file(part.folder, *word_arrays(_blocks(part)))
    return True


def _blocks(part: Part) -> Iterator[list[pa.ChunkedArray]]:
    everything = replace(part, live=None)
    for first in range(0, len(everything), _BLOCK_ROWS):
        table = everything.table(WORDS_OF, first=first, count=_BLOCK_ROWS)
        yield [table[name] for name in WORDS_OF]


def open_words(folder: Path, description: Description) -> WordIndex | None:
    """Open the words of a version; None: a part was written before there were word files.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile.
        BrokenFile: it has to be built again.
    """
    with opening(folder):
        found = [_opened(folder / entry.name, entry) for entry in description.parts]
    files = [one for one in found if one is not None]
    if len(files) < len(found):
        return None
    return WordIndex([file for file, _ in files], [live for _, live in files])


def _opened(folder: Path, entry: PartEntry) -> tuple[WordFile, Numbers | None] | None:
    require_sums(folder, tuple(one for one in entry.files if one[0] == WORDS))
    file = open_word_file(folder)
    if file is None:
        return None
    rows = len(file.lengths)
    live = live_rows(folder, rows, entry.dead)
    if (rows if live is None else len(live)) != entry.rows:
        raise ValueError(f"{folder.name}/{WORDS} is of another part")
    return file, live
