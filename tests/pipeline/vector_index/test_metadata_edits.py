"""Metadata reaches search with the next refresh, also where no text and no embedding changed."""

import json

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from semantic_assets.errors import NotFound
from semantic_assets.index.description import FILE_NAME
from semantic_assets.index.filtering.allowed_rows import allowed_rows
from semantic_assets.index.opened_version import Index, open_index
from semantic_assets.ledger.database.schema import index_version
from semantic_assets.model.filter_forms import parse_filter
from semantic_assets.model.tables import OF_DOCUMENTS
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.serving import version_folder
from tests.pipeline.index_processes import DATASET
from tests.trial import Trial


def opened(trial: Trial) -> Index:
    serving = trial.store.ledger.index_versions.serving(DATASET)
    assert serving is not None
    return open_index(version_folder(trial.store, serving), trial.store.vector_stores)


def titles(trial: Trial, where: str) -> list[str]:
    """The titles of the documents that a filter lets through."""
    index = opened(trial)
    rows = allowed_rows(index, DATASET, parse_filter(where))
    assert rows is not None
    return sorted({str(row["title"]) for row in index.rows(rows.tolist())})


def write(trial: Trial, number: int, author: str) -> None:
    head = f"---\ntitle: Pump {number}\nauthor: {author}\ndate: 20{number:02d}-05-01\n---\n"
    trial.write(f"{DATASET}/{number:02d}.md", f"{head}# Pump {number}\n\nIt pumps {number}.\n")


def test_an_edit_of_metadata_alone_is_found_after_a_refresh_and_sends_no_text(
    trial: Trial,
) -> None:
    for number in range(6):
        write(trial, number, "Lin")
    trial.refresh()
    assert titles(trial, "author=lin") == [f"Pump {number}" for number in range(6)]
    assert titles(trial, "date>=2004") == ["Pump 4", "Pump 5"]
    hits = search(trial.store, trial.gemini, "Pump 3", k=9)
    (hit,) = (hit for hit in hits if hit.title == "Pump 3")
    assert (hit.mime, hit.metadata) == ("text/markdown", {"author": "Lin", "date": "2003-05-01"})

    before, sent = opened(trial), trial.sent()
    write(trial, 3, "Ōe")
    trial.refresh()
    after = opened(trial)
    assert after.folder != before.folder
    assert titles(trial, "author=Ōe") == ["Pump 3"]
    assert titles(trial, "author=Lin") == ["Pump 0", "Pump 1", "Pump 2", "Pump 4", "Pump 5"]
    assert trial.sent() == sent
    assert sorted(map(len, after.parts)) == [1, 5]

    trial.refresh()
    assert opened(trial).folder == after.folder
    assert np.array_equal(
        np.unique(np.concatenate([p.vectors for p in after.parts]), axis=0),
        np.unique(np.concatenate([p.vectors for p in before.parts]), axis=0),
    )


def as_an_earlier_release_wrote(trial: Trial) -> None:
    """Take from the serving version what releases without filters did not write."""
    index = opened(trial)
    (part,) = index.parts
    kept = [name for name in part.columns.column_names if name not in OF_DOCUMENTS]
    table = part.columns.select(kept)
    path = part.folder / "rows.arrow"
    path.unlink()  # an open map keeps the old file
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    described = json.loads((index.folder / FILE_NAME).read_text())
    del described["sum"]
    described["parts"][0] |= {"fingerprint": "of that release", "files": []}
    (index.folder / FILE_NAME).write_text(json.dumps(described))
    with trial.store.ledger.database.write() as connection:
        connection.execute(sa.update(index_version).values(input_fingerprint="of that release"))


def test_the_next_refresh_gives_metadata_to_the_version_of_an_earlier_release(
    trial: Trial,
) -> None:
    for number in range(3):
        write(trial, number, "Lin")
    trial.refresh()
    as_an_earlier_release_wrote(trial)
    (hit,) = search(trial.store, trial.gemini, "Pump", k=1)
    assert (hit.record_id, hit.mime, hit.metadata) == (None, "", None)
    assert titles(trial, "kind=md") == ["Pump 0", "Pump 1", "Pump 2"]
    with pytest.raises(NotFound, match=r"earlier release.*`semantic-assets refresh`"):
        titles(trial, "author=Lin")

    sent = trial.sent()
    trial.refresh()
    assert titles(trial, "author=Lin") == ["Pump 0", "Pump 1", "Pump 2"]
    assert trial.sent() == sent


def test_metadata_of_records_is_edited_record_by_record(trial: Trial) -> None:
    def lines(year: int) -> str:
        return "".join(
            f'{{"id": "r{number}", "text": "Valve {number} closes.", "made": {made}}}\n'
            for number, made in ((1, 2001), (2, year), (3, 2003))
        )

    trial.write(f"{DATASET}/valves.jsonl", lines(2002))
    trial.refresh()
    sent = trial.sent()
    trial.write(f"{DATASET}/valves.jsonl", lines(1999))
    trial.refresh()
    index = opened(trial)
    rows = allowed_rows(index, DATASET, parse_filter("made<2001"))
    assert rows is not None
    assert [row["record_id"] for row in index.rows(rows.tolist())] == ["r2"]
    assert trial.sent() == sent
