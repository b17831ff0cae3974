"""The word file holds each term of each row, whatever the sizes."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from semantic_assets.index.words.word_file import WORDS, WordFile, open_word_file, write_word_file
from tests.index.words.word_files import word_file

TEXTS = [f"{'zork ' * (n % 5)}blip {n}" for n in range(50)]


def rows(file: WordFile, term: str) -> dict[int, int]:
    ((low, high),) = file.places([term.encode()])
    return dict(zip(file.rows[low:high].tolist(), file.counts[low:high].tolist(), strict=True))


def test_every_term_of_every_row_is_in_the_file(tmp_path: Path) -> None:
    file = word_file(tmp_path, TEXTS)
    for term in {word for text in TEXTS for word in text.split()}:
        counts = {row: Counter(text.split())[term] for row, text in enumerate(TEXTS)}
        assert rows(file, term) == {row: count for row, count in counts.items() if count}
    assert file.lengths.tolist() == [len(text.split()) for text in TEXTS]


def test_blocks_of_any_size_make_the_same_file(tmp_path: Path) -> None:
    word_file(tmp_path / "a", TEXTS)
    word_file(tmp_path / "b", TEXTS, block=7)
    assert (tmp_path / "a" / WORDS).read_bytes() == (tmp_path / "b" / WORDS).read_bytes()


def test_terms_with_a_common_beginning_are_told_apart(tmp_path: Path) -> None:
    texts = ["zorkblipkrum", "zorkblipkrumx", "zorkblip", "zorkbl"]
    file = word_file(tmp_path, texts)
    for row, term in enumerate(texts):
        assert rows(file, term) == {row: 1}
    assert not rows(file, "zorkblipk")
    assert not rows(file, "zz")
    assert not rows(file, "a")


def test_a_count_that_does_not_fit_is_the_highest_that_does(tmp_path: Path) -> None:
    assert rows(word_file(tmp_path, ["zork " * 300]), "zork") == {0: 255}


def test_a_part_of_many_rows_numbers_them_all(tmp_path: Path) -> None:
    file = word_file(tmp_path, [*[""] * 70_000, "zork"], block=50_000)
    assert rows(file, "zork") == {70_000: 1}


def test_a_file_that_is_cut_off_or_no_word_file_is_refused(tmp_path: Path) -> None:
    word_file(tmp_path, TEXTS)
    content = (tmp_path / WORDS).read_bytes()
    for damaged in (b"", content[:20], content[:-90], b"x" + content[1:]):
        (tmp_path / WORDS).write_bytes(damaged)
        with pytest.raises(ValueError):  # noqa: PT011 - what is wrong differs
            open_word_file(tmp_path)


def test_a_file_of_another_analysis_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = word_file(tmp_path, TEXTS)
    module = "semantic_assets.index.words.word_file.ANALYSIS"
    monkeypatch.setattr(module, 0)
    arrays = {name: np.asarray(getattr(file, name)) for name in WordFile.__slots__[1:]}
    write_word_file(tmp_path, arrays, file.languages)
    monkeypatch.undo()
    assert open_word_file(tmp_path) is None
