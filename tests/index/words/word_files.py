"""Word files of plain texts, for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from semantic_assets.index.words.word_file import WordFile, open_word_file, write_word_file
from semantic_assets.index.words.word_index import WordIndex
from semantic_assets.index.words.word_writer import word_arrays


def word_file(folder: Path, texts: Sequence[str], *, block: int = 1_000) -> WordFile:
    """Write the word file of these texts, so many at a time, and open it."""
    folder.mkdir(parents=True, exist_ok=True)
    column = pa.array(texts, pa.large_string())
    blocks = ([column.slice(first, block)] for first in range(0, len(texts), block))
    write_word_file(folder, *word_arrays(blocks))
    opened = open_word_file(folder)
    assert opened is not None
    return opened


def word_index(folder: Path, *texts: str) -> WordIndex:
    """Return an index of these texts, all of them alive."""
    return WordIndex([word_file(folder, texts)], [None])


def index_of_parts(folder: Path, parts: Sequence[Sequence[tuple[str, bool]]]) -> WordIndex:
    """Return an index of parts, each of (text, whether it is alive)."""
    files = [
        word_file(folder / str(number), [text for text, _ in part])
        for number, part in enumerate(parts)
    ]
    live = [np.flatnonzero([alive for _, alive in part]) for part in parts]
    masks = [
        None if len(rows) == len(part) else rows for rows, part in zip(live, parts, strict=True)
    ]
    return WordIndex(files, masks)
