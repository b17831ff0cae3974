"""Documents handed over one by one, each durable when its call returns."""

import shutil
import time
from pathlib import Path

from benchmarks.corpora import WORK
from benchmarks.rows import Row
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store

_COUNT, _LEAST = 5_000, 2_000
_TEXT = "The tide table of the harbour hangs beside the door. " * 8


def measure() -> list[Row]:
    folder = WORK / "ingest"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    files = [folder / "in" / f"{number}.txt" for number in range(_COUNT)]
    for number, path in enumerate(files):
        path.write_text(f"{_TEXT}{number}")
    texts = [Document(text=f"{_TEXT}{number}", name=f"t{number}") for number in range(_COUNT)]
    return [
        _row(folder, "texts", texts),
        _row(folder, "small files", [Document(path) for path in files]),
    ]


def _row(folder: Path, what: str, documents: list[Document]) -> Row:
    environ = {"SEMANTIC_ASSETS_SOURCES": str(folder / "sources")}
    settings = Settings.load(root=folder / "lake", environ=environ)
    with (
        open_store(settings) as store,
        Ingestion(store, DatasetKey("bench", "ingest")) as ingestion,
    ):
        ingestion.put([Document(text="The first.", name=f"first of {what}")])
        began = time.process_time()
        for document in documents:
            (done,) = ingestion.put([document])
            assert done.error is None, done
        spent = time.process_time() - began
    return Row(f"ingest of {_COUNT:,} {what}, one by one", _COUNT / spent, _LEAST, "a CPU s")
