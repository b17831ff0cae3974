"""dataset.toml: what it may say, what is refused and how, and that it outlives the sources."""

import tomllib
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.records import Columns
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.settings.dataset_settings import DatasetSettings, FileColumns, read_table
from semantic_assets.store import Store
from semantic_assets.text.chunking import ChunkSizes
from semantic_assets.text.kinds import TextKind

MANUALS = DatasetKey("acme", "manuals")
EVERYTHING = """
mode = "AUTO"
auto_below_tokens = 5000
min_batch_size = 20

[chunking]
max_tokens = 400
min_tokens = 60

[columns]
id = "key"
title = "name"
text = "body"
metadata = ["author", "year"]
format = "markdown"

[[columns.files]]
glob = "faq/*.jsonl"
text = "answer"

[files]
include = ["*.md", "*.txt"]
exclude = ["drafts/"]

[embedding]
model = "gemini-embedding-2"
dimensions = 1536

[budget]
max_cost_usd_per_day = 2
max_cost_usd_per_run = 0.5

[index]
backend = "faiss"

[discovery]
remove_after_hours = 24
"""


def parsed(text: str) -> DatasetSettings:
    return DatasetSettings.of(tomllib.loads(text))


def test_without_a_file_everything_is_as_in_the_settings() -> None:
    settings = parsed("")
    assert settings == DatasetSettings()
    assert (settings.chunking, settings.columns) == (ChunkSizes(), Columns())
    assert (settings.mode, settings.index_backend) == ("async", "auto")
    assert (settings.model, settings.dimensions, settings.max_cost_usd_per_day) == (None,) * 3


def test_each_key_is_read() -> None:
    assert parsed(EVERYTHING) == DatasetSettings(
        max_tokens=400,
        min_tokens=60,
        record_id="key",
        title="name",
        text="body",
        metadata=("author", "year"),
        record_format="markdown",
        column_files=(FileColumns(glob="faq/*.jsonl", text="answer"),),
        include=("*.md", "*.txt"),
        exclude=("drafts/",),
        model="gemini-embedding-2",
        dimensions=1536,
        mode="auto",
        auto_below_tokens=5000,
        min_batch_size=20,
        max_cost_usd_per_day=2,
        max_cost_usd_per_run=0.5,
        index_backend="faiss",
        remove_after_hours=24,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[chunkin]\nmax_tokens = 1", r"no key chunkin: did you mean chunking"),
        ("[chunking]\nmax_token = 1", r"chunking\.max_token: did you mean chunking\.max_tokens"),
        ("backend = 'faiss'", r"backend = .faiss.: use one of gemini, agent-platform"),
        ("zzz = 1", r"no key zzz: known are embed, transcribe, "),
        ("chunking = 400", r"chunking = 400: write it as a table, \[chunking\]"),
        ("[chunking]\nmax_tokens = '400'", r"max_tokens = '400': use a whole number from 20"),
        ("[chunking]\nmax_tokens = 400.5", r"use a whole number"),
        ("[chunking]\nmax_tokens = true", r"use a whole number"),
        ("[chunking]\nmax_tokens = 3", r"from 20 to"),
        ("[chunking]\nmin_tokens = 500", r"min_tokens = 500: use at most half of max_tokens, 400"),
        ("[columns]\ntext = ''", r"columns\.text = '': use a name in quotes"),
        ("[columns]\nmetadata = 'year'", r"columns\.metadata = 'year': use a list"),
        ("[columns]\nformat = 'html'", r"columns\.format = 'html': use one of plain, markdown"),
        ("[[columns.files]]\ntext = 'a'", r"\[\[columns\.files\]\]: glob is missing"),
        ("[[columns.files]]\nglob = 'a'\ntxt = 'b'", r"there is no key txt: did you mean text"),
        ("[[columns.files]]\nglob = 'a'\ntext = ''", r"files\]\]: text = '': use a name in quotes"),
        ("[[columns.files]]\nglob = '!'", r"\[\[columns\.files\]\] glob"),
        ("[columns]\nfiles = ['a']", r"columns\.files = .*: use tables that begin with \[\["),
        ("mode = 'fast'", r"mode = 'fast': use one of async, sync, auto"),
        ("mode = ['sync']", r"use one of async, sync, auto"),
        ("[index]\nbackend = 'hnsw'", r"use one of auto, exact, faiss, qdrant, lance"),
        ("[budget]\nmax_cost_usd_per_day = -1", r"max_cost_usd_per_day = -1: use a number from 0"),
        ("[budget]\nmax_cost_usd_per_day = nan", r"max_cost_usd_per_day = nan: use a number"),
        ("min_batch_size = 0", r"min_batch_size = 0: use a whole number from 1"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_key_and_cure(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"^dataset\.toml: .*" + message):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[embedding]\nmodel = 'gemini-embedding-7'", "unknown: use one of"),
        ("[embedding]\nmodel = 'text-embedding-004'", "shut down .* use gemini-embedding-001"),
        ("[embedding]\ndimensions = 5000", "dimensions"),
        ("[chunking]\nmax_tokens = 1000", "gemini-embedding-001 would cut .* use at most 819"),
    ],
)
def test_what_is_embedded_must_fit_the_model(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parsed(text).require_model("gemini-embedding-001", 768, "dataset.toml")


def test_a_larger_model_takes_larger_chunks() -> None:
    settings = parsed("[chunking]\nmax_tokens = 3000\n[embedding]\nmodel = 'gemini-embedding-2'")
    settings.require_model("gemini-embedding-001", 768, "dataset.toml")


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "dataset.toml"
    path.write_text('mode = "async"\nmode = \n')
    with pytest.raises(ConfigError, match=r"dataset\.toml: not valid TOML: .*line 2"):
        read_table(path)
    path.write_bytes(b'mode = "\xff"')
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_table(path)
    path.write_bytes(b'\xef\xbb\xbfmode = "sync"')
    assert read_table(path) == {"mode": "sync"}


def test_the_fingerprints_follow_what_they_are_of_and_nothing_else() -> None:
    plain, other = DatasetSettings(), parsed("[chunking]\nmax_tokens = 400\nmin_tokens = 60")
    assert plain.chunking_fingerprint != other.chunking_fingerprint
    assert plain.columns_fingerprint == other.columns_fingerprint
    columns = parsed("[columns]\nmetadata = []")
    assert plain.columns_fingerprint != columns.columns_fingerprint
    assert plain.options_fingerprint == columns.options_fingerprint
    assert plain.options_fingerprint != parsed('[html]\ncontent = "all"').options_fingerprint


def test_files_may_have_columns_of_their_own() -> None:
    settings = parsed(
        """
        [columns]
        text = "body"
        metadata = ["year"]
        [[columns.files]]
        glob = "faq/**"
        text = "{question}\\n\\n{answer}"
        format = "markdown"
        [[columns.files]]
        glob = "*.jsonl"
        id = "key"
        """
    )
    faq = settings.columns_of("faq/2020/a.jsonl")
    assert faq == Columns(text="{question}\n\n{answer}", metadata=("year",))
    assert settings.columns_of("b.jsonl") == Columns(
        record_id="key", text="body", metadata=("year",)
    )
    assert settings.columns_of("b.csv") == settings.columns
    assert settings.record_kind_of("faq/a.jsonl") == TextKind.MARKUP
    assert settings.record_kind_of("b.jsonl") == TextKind.PLAIN


@pytest.mark.parametrize(
    ("text", "is_read_again", "is_cut_again"),
    [
        ("[columns]\nformat = 'plain'", False, False),
        ("[columns]\nformat = 'markdown'", False, True),
        ("[[columns.files]]\nglob = '*.csv'\ntext = 'body'", True, False),
        ("[[columns.files]]\nglob = '*.csv'\nformat = 'markdown'", True, True),
    ],
)
def test_columns_that_change_have_files_read_or_cut_again(
    text: str, is_read_again: bool, is_cut_again: bool
) -> None:
    plain, other = DatasetSettings(), parsed(text)
    assert (plain.columns_fingerprint != other.columns_fingerprint) == is_read_again
    assert (plain.chunking_fingerprint != other.chunking_fingerprint) == is_cut_again


# -- in the ledger --------------------------------------------------------------------------------


def write(store: Store, name: str, text: str, dataset: str = "acme/manuals") -> Path:
    path = store.settings.sources / dataset / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_listing_keeps_the_settings_for_when_the_sources_are_away(store: Store) -> None:
    write(store, "a.txt", "One two three.")
    toml = write(store, "dataset.toml", EVERYTHING)
    assert store.dataset_settings(MANUALS) == DatasetSettings()
    discover(store)
    store.settings.sources.rename(store.settings.sources.with_name("away"))
    assert store.dataset_settings(MANUALS) == parsed(EVERYTHING)
    store.settings.sources.with_name("away").rename(store.settings.sources)
    toml.unlink()
    discover(store)
    assert store.dataset_settings(MANUALS) == DatasetSettings()


def test_a_broken_file_is_reported_skips_its_dataset_and_leaves_what_was_set(store: Store) -> None:
    write(store, "a.txt", "One two three.")
    write(store, "dataset.toml", EVERYTHING)
    write(store, "b.txt", "Four five.", dataset="acme/other")
    discover(store)
    write(store, "dataset.toml", "mode = 'fast'")
    write(store, "c.txt", "Six.")
    write(store, "d.txt", "Seven.", dataset="acme/other")
    found = discover(store)
    assert found.added == 1
    assert found.datasets == (DatasetKey("acme", "other"),)
    assert "acme/manuals/dataset.toml: mode = 'fast'" in found.summary
    assert store.dataset_settings(MANUALS) == parsed(EVERYTHING)


def test_files_about_a_dataset_are_no_sources_at_its_root_only(store: Store) -> None:
    for name in ("dataset.toml", "queries.jsonl", "qrels.tsv", "old/queries.jsonl", "a.txt"):
        write(store, name, "")
    assert discover(store).troubles == []
    assert sorted(store.ledger.sources.slices(MANUALS)) == [
        "acme/manuals/a.txt",
        "acme/manuals/old/queries.jsonl",
    ]
