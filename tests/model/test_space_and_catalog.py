"""Embedding spaces differ wherever their vectors do; the catalog's errors name the cure."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.errors import ConfigError
from semantic_assets.model.catalog import (
    EMBEDDING_MODELS,
    batch_usd,
    embedding_model,
    realtime_usd,
)
from semantic_assets.model.space import EmbeddingSpace
from tests.factories import SPACE, make_space

OTHER = {
    "backend": "gemini",
    "model": "gemini-embedding-2",
    "dimensions": 1536,
    "document_task": "SEMANTIC_SIMILARITY",
    "query_task": None,
    "document_template": "text: {text}",
    "query_template": "query: {text}",
    "normalise": False,
}
CURRENT = sorted(name for name, spec in EMBEDDING_MODELS.items() if spec.retired is None)


def test_every_field_is_varied() -> None:
    assert set(OTHER) == {field.name for field in fields(EmbeddingSpace)}


@pytest.mark.parametrize("field", sorted(OTHER))
def test_a_space_that_differs_in_one_field_has_another_id(field: str) -> None:
    assert replace(SPACE, **{field: OTHER[field]}).space_id != SPACE.space_id  # type: ignore[arg-type]


def test_a_space_id_is_readable_and_does_not_change() -> None:
    # Directories of paid-for results carry this name: it must never change.
    assert SPACE.space_id == "gemini-embedding-001-768-8b98f298"


@pytest.mark.parametrize("model", CURRENT)
def test_the_default_template_of_each_model_wraps_text_in_constants(model: str) -> None:
    space = EmbeddingSpace.of(backend="emulator", model=model, dimensions=768)
    for wrapped in (space.document_text("A {text} B"), space.query_text("A {text} B")):
        assert wrapped.count("A {text} B") == 1


@given(st.text())
def test_a_text_is_sent_once_and_as_it_is(text: str) -> None:
    space = make_space(document_template="title: none | text: {text}")
    assert space.document_text(text) == "title: none | text: " + text


@pytest.mark.parametrize(
    ("model", "dimensions", "normalise"),
    [
        ("gemini-embedding-001", 768, True),
        ("gemini-embedding-001", 3071, True),
        ("gemini-embedding-001", 3072, False),
        ("gemini-embedding-2", 768, False),
    ],
)
def test_we_normalise_where_the_model_does_not(
    model: str, dimensions: int, normalise: bool
) -> None:
    space = EmbeddingSpace.of(backend="gemini", model=model, dimensions=dimensions)
    assert space.normalise is normalise


@pytest.mark.parametrize("dimensions", [0, 127, 3073])
def test_a_size_the_model_does_not_have_is_refused_with_the_range(dimensions: int) -> None:
    with pytest.raises(ConfigError, match=f"128 to 3072 dimensions, not {dimensions}"):
        EmbeddingSpace.of(backend="emulator", model="gemini-embedding-001", dimensions=dimensions)


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        embedding_model("gemini-embedding-9")
    assert "gemini-embedding-9" in str(caught.value)
    for name, spec in EMBEDDING_MODELS.items():
        assert (name in str(caught.value)) == (spec.retired is None)


@pytest.mark.parametrize("name", sorted(set(EMBEDDING_MODELS) - set(CURRENT)))
def test_a_retired_model_is_refused_with_its_date_and_its_replacement(name: str) -> None:
    spec = EMBEDDING_MODELS[name]
    assert spec.retired is not None
    assert spec.replacement in CURRENT
    with pytest.raises(ConfigError, match=f"{spec.retired}: use {spec.replacement}"):
        embedding_model(name)
    with pytest.raises(ConfigError, match=f"use {spec.replacement}"):
        EmbeddingSpace.of(backend="gemini", model=name, dimensions=768)


@pytest.mark.parametrize("name", CURRENT)
def test_each_row_of_the_catalog_is_filled_in(name: str) -> None:
    spec = EMBEDDING_MODELS[name]
    assert spec.name == name
    assert spec.min_dimensions <= 768 <= spec.max_dimensions
    assert set(spec.enqueued_tokens) == {1, 2, 3}
    assert 0 < spec.enqueued_tokens[1] <= spec.enqueued_tokens[2] <= spec.enqueued_tokens[3]
    assert "{text}" in spec.document_template
    assert "{text}" in spec.query_template


@pytest.mark.parametrize("name", CURRENT)
def test_the_batch_costs_half_of_real_time(name: str) -> None:
    assert batch_usd(name, 1_000_000) == pytest.approx(realtime_usd(name, 1_000_000) / 2)


def test_prices_are_per_million_tokens() -> None:
    assert batch_usd("gemini-embedding-001", 2_000_000) == pytest.approx(0.15)
    assert realtime_usd("gemini-embedding-001", 10_000) == pytest.approx(0.0015)
