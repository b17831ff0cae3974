"""Versions by difference: what stays, what is written, and that they answer as one built whole."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow.parquet as pq
import pytest

from semantic_assets.index.description import PartEntry
from semantic_assets.index.opened_version import Index, open_index
from semantic_assets.index.parts import open_part
from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.difference import MAX_DEAD_SHARE, MAX_PARTS, difference
from semantic_assets.pipeline.vector_index.export import export_index
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.pipeline.vector_index.switch import rollback, switch
from semantic_assets.pipeline.vector_index.wanted_rows import wanted_rows
from tests.chaos.steps import Blow
from tests.factories import killed_in, make_vectors, write_as_before
from tests.harms import HARMS
from tests.pipeline.index_processes import DATASET, build_and_die
from tests.trial import Trial

SHARD = ShardKey(DATASET, 0)


def write(trial: Trial, number: int, version: int) -> None:
    body = "\n\n".join(f"# Part {n}\n\nPump {number}, part {n}." for n in range(3))
    trial.write(f"{DATASET}/{number:02d}.md", f"{body}\n\nVersion {version} of {number}.")


def built(trial: Trial, documents: int = 20, backend: str = "exact") -> Trial:
    trial.write(f"{DATASET}/dataset.toml", f'[index]\nbackend = "{backend}"\n')
    for number in range(documents):
        write(trial, number, 1)
    trial.refresh()
    return trial


def edit(trial: Trial, *numbers: int, version: int = 2) -> None:
    for number in numbers:
        write(trial, number, version)
    trial.refresh()


def serving(trial: Trial) -> IndexVersion:
    found = trial.store.ledger.index_versions.serving(DATASET)
    assert found is not None
    return found


def opened(trial: Trial) -> Index:
    return open_index(version_folder(trial.store, serving(trial)), trial.store.vector_stores)


def entries(trial: Trial) -> tuple[PartEntry, ...]:
    return opened(trial).description.parts


def answers(index: Index) -> list[list[tuple[Any, ...]]]:
    """What a few queries find by their vectors and by their words, each row whole."""
    return [*by_vectors(index), *by_words(index)]


def by_vectors(index: Index) -> list[list[tuple[Any, ...]]]:
    """All rows by their cosine with a few queries."""
    found = []
    for hits in index.nearest_of_each(make_vectors(4, index.description.dimensions), len(index)):
        rows = index.rows([row for row, _ in hits])
        scored = [(round(hit[1], 5), *row.values()) for hit, row in zip(hits, rows, strict=True)]
        found.append(sorted(scored, key=lambda row: (-row[0], row[1])))
    return found


def by_words(index: Index) -> list[list[tuple[Any, ...]]]:
    """All rows that a few questions find by their words."""
    found = []
    assert index.words is not None
    for question in ("pump 7", "version 2 of 11", "part 1"):
        terms = terms_of(question)
        hits = index.words.best(terms, index.words.counts(terms), len(index))
        rows = index.rows([row for row, _ in hits])
        scored = [(round(hit[1], 4), *row.values()) for hit, row in zip(hits, rows, strict=True)]
        found.append(sorted(scored, key=lambda row: (-row[0], row[1])))
    return found


@pytest.mark.parametrize(("seed", "backend"), [(1, "exact"), (2, "faiss")])
def test_versions_by_difference_answer_as_those_built_whole(
    trial: Trial, seed: int, backend: str
) -> None:
    rng, names, amended = random.Random(seed), list(range(20)), 0
    built(trial, len(names), backend)
    for version in range(2, 9):
        for number in rng.sample(names, rng.choice([1, 1, 2, 6])):
            write(trial, number, version)
        if rng.random() < 0.5:
            names.append(names[-1] + 1)
            write(trial, names[-1], version)
        if rng.random() < 0.5:
            gone = names.pop(rng.randrange(len(names)))
            (trial.settings.sources / f"{DATASET}/{gone:02d}.md").unlink()
        # Now and then documents wait for their answers, and keep the rows they had.
        trial.refresh(wait_minutes=rng.choice([0, 60]))
        by_difference = answers(opened(trial))
        amended += len(entries(trial)) > 1 and any(entry.dead for entry in entries(trial))
        before = serving(trial).number
        build_index(trial.store, DATASET, by_hand=True)
        assert [entry.dead for entry in entries(trial)] == [""]
        assert answers(opened(trial)) == by_difference
        assert check_index(trial.store, DATASET).passed
        if serving(trial).number != before:
            switch(trial.store, DATASET, before)
    assert amended >= 3


def test_a_difference_writes_what_changed_and_links_the_rest(trial: Trial) -> None:
    built(trial, 40)
    (whole,) = entries(trial)
    before = version_folder(trial.store, serving(trial))
    edit(trial, 7)
    kept, new = entries(trial)
    assert (kept.name, kept.rows, bool(kept.dead)) == (whole.name, whole.rows - 1, True)
    assert (new.rows, new.dead) == (1, "")
    after = version_folder(trial.store, serving(trial))
    own = {path.name for path in (after / kept.name).iterdir() if path.stat().st_nlink == 1}
    assert own == {"dead_rows.npy"}
    assert all(p.samefile(after / kept.name / p.name) for p in (before / kept.name).iterdir())


@pytest.mark.parametrize("column", ["title", "uri", "start_char", "text_hash", "batch_job_id"])
def test_a_row_that_differs_in_one_column_is_written_again(trial: Trial, column: str) -> None:
    """The tables are changed as a later release, or another answer, would."""
    built(trial, 10)
    of_documents = column in ("title", "uri")
    path = layout.documents(SHARD) if of_documents else layout.chunks(SHARD)
    if column in ("text_hash", "batch_job_id"):
        path = layout.embeddings(serving(trial).space_id, SHARD)
    file = trial.store.lake.path(path)
    table = pq.read_table(file, partitioning=None)
    values = table[column].to_pylist()
    values[3] = values[3] + 1 if column == "start_char" else f"other-{values[3]}"
    place = table.schema.get_field_index(column)
    changed = table.set_column(place, table.schema.field(column), [values])
    pq.write_table(changed, file)
    with (
        trial.store.lake.open(layout.embeddings(serving(trial).space_id, SHARD)) as embeddings,
        trial.store.lake.open(layout.chunks(SHARD)) as chunks,
    ):
        wanted = wanted_rows(trial.store, SHARD, embeddings, chunks)
        found = difference(wanted, list(opened(trial).parts), carries=True, whole=False)
    assert 0 < found.written < len(opened(trial))


def test_parts_are_joined_and_written_again_when_it_pays(trial: Trial) -> None:
    built(trial, 30)
    most, written_whole = 0, 0
    for version in range(2, 14):
        before = {entry.name for entry in entries(trial)}
        edit(trial, version, version=version)
        parts = {part.name: part for part in opened(trial).parts}
        most = max(most, len(parts))
        written_whole += not before & parts.keys()
        assert len(parts) <= MAX_PARTS
        assert all(len(p) >= len(p.stored) * (1 - MAX_DEAD_SHARE) for p in parts.values())
    assert most == MAX_PARTS
    assert written_whole <= 1


def test_a_build_by_hand_writes_a_shard_whole(trial: Trial) -> None:
    built(trial)
    edit(trial, 7)
    assert len(entries(trial)) == 2
    report = build_index(trial.store, DATASET, by_hand=True)
    assert (report.parts_written, report.parts_linked) == (1, 0)
    assert [entry.dead for entry in entries(trial)] == [""]


@pytest.mark.parametrize("harm", ["cut_off", "emptied", "flipped", "missing"])
def test_a_broken_file_of_dead_rows_is_found_and_the_index_built_again(
    trial: Trial, harm: str
) -> None:
    built(trial)
    edit(trial, 7)
    expected = answers(opened(trial))
    (path,) = version_folder(trial.store, serving(trial)).rglob("dead_rows.npy")
    HARMS[harm](path)
    hits = search(trial.store, trial.gemini, "Version 1 of 7.", k=99)
    assert "Version 1 of 7." not in " ".join(hit.text for hit in hits)
    assert answers(opened(trial)) == expected


def test_each_version_has_its_own_dead_rows(trial: Trial) -> None:
    built(trial, 30)
    edit(trial, 3)
    second = answers(opened(trial))
    edit(trial, 4)
    rollback(trial.store, DATASET)
    assert answers(opened(trial)) == second
    rollback(trial.store, DATASET)
    texts = {row["text"] for row in opened(trial).table(["text"]).to_pylist()}
    assert not any("Version 2" in text for text in texts)


def test_rows_of_a_document_with_a_pending_chunk_stay_where_they_are(trial: Trial) -> None:
    built(trial, 30)
    (whole,) = entries(trial)
    write(trial, 3, 2)
    (trial.settings.sources / f"{DATASET}/05.md").unlink()
    [report] = trial.refresh(wait_minutes=0).indexes
    assert report.carried > 0
    (kept,) = entries(trial)
    assert (kept.name, bool(kept.dead)) == (whole.name, True)
    assert any("Version 1 of 3" in hit.text for hit in search(trial.store, trial.gemini, "p", k=99))
    trial.refresh()
    assert not any(
        "Version 1 of 3" in hit.text for hit in search(trial.store, trial.gemini, "p", k=99)
    )


@pytest.mark.parametrize(
    "blow", [Blow("index written", "before"), Blow("index version switched", "before")], ids=str
)
def test_a_difference_killed_before_the_switch_leaves_the_old_one(trial: Trial, blow: Blow) -> None:
    built(trial)
    first = answers(opened(trial))
    write(trial, 7, 2)
    trial.prepare()
    trial.advance_until_done()
    killed_in(build_and_die, trial.settings, blow)
    assert (serving(trial).number, answers(opened(trial))) == (1, first)
    trial.clock.offset += 60
    build_index(trial.store, DATASET)
    assert len(entries(trial)) == 2
    assert check_index(trial.store, DATASET).passed


def test_the_version_of_an_earlier_release_serves_and_the_next_is_written_whole(
    trial: Trial,
) -> None:
    built(trial)
    expected = by_vectors(opened(trial))
    folder = version_folder(trial.store, serving(trial))
    (entry,) = entries(trial)
    part = open_part(folder / entry.name)
    write_as_before(folder / "00000", part.table(), np.array(part.vectors))
    shutil.rmtree(folder / entry.name)
    described = json.loads((folder / "generation.json").read_text())
    del described["parts"][0]["dead"], described["parts"][0]["files"], described["sum"]
    described["parts"][0]["name"] = "00000"
    (folder / "generation.json").write_text(json.dumps(described))
    assert by_vectors(opened(trial)) == expected
    assert check_index(trial.store, DATASET).passed
    edit(trial, 7)
    (new,) = opened(trial).parts
    assert new.is_current
    rollback(trial.store, DATASET)
    assert by_vectors(opened(trial)) == expected


def test_an_export_of_compact_vectors_has_those_of_the_model(trial: Trial, tmp_path: Path) -> None:
    built(trial, backend="faiss")
    edit(trial, 7)
    assert any(part.stored.scales is not None for part in opened(trial).parts)
    report = export_index(trial.store, DATASET, tmp_path / "x.bin")
    assert report.rounded == 0
    table = trial.store.lake.read(
        layout.embeddings(serving(trial).space_id, SHARD), ["chunk_id", "vector"]
    )
    right = dict(zip(table["chunk_id"].to_pylist(), table["vector"].to_pylist(), strict=True))
    flat = faiss.read_index(str(tmp_path / "x.bin"))
    ids = pq.read_table(report.ids)["chunk_id"].to_pylist()
    exported = flat.reconstruct_n(0, len(ids))
    assert exported.tolist() == [right[chunk] for chunk in ids]
    write(trial, 3, 2)
    trial.refresh(wait_minutes=0)
    assert export_index(trial.store, DATASET, tmp_path / "y.bin").rounded > 0


def test_a_compact_vector_that_was_altered_is_found_by_the_check(trial: Trial) -> None:
    built(trial, backend="faiss")
    assert check_index(trial.store, DATASET).passed
    (path,) = version_folder(trial.store, serving(trial)).rglob("vectors.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "vectors.npy is not as it was written" in check_index(trial.store, DATASET).message


def test_rows_have_the_columns_that_search_returns(trial: Trial) -> None:
    built(trial, 4)
    assert opened(trial).table(INDEX_ROWS.names).schema.equals(INDEX_ROWS)
