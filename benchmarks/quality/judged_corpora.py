"""Corpora with judgements: docs.jsonl, queries.jsonl and qrels.tsv, or the folders of BEIR."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.model.keys import DatasetKey

_DOCUMENTS = ("docs.jsonl", "corpus.jsonl")
_QRELS = ("qrels.tsv", "qrels/test.tsv")


@dataclass(frozen=True, slots=True)
class JudgedCorpus:
    """A corpus and the files it consists of."""

    name: str
    documents: Path
    queries: Path
    qrels: Path

    @property
    def dataset(self) -> DatasetKey:
        return DatasetKey("bench", self.name.replace("_", "-").lower())

    @property
    def sources(self) -> dict[str, Path]:
        """The files by their place below the source root."""
        names = {
            "docs.jsonl": self.documents,
            "queries.jsonl": self.queries,
            "qrels.tsv": self.qrels,
        }
        return {f"{self.dataset}/{name}": path for name, path in names.items()}


def judged_corpora(folder: Path) -> Iterator[JudgedCorpus]:
    """Yield the corpora in the folders of a folder, in the order of their names."""
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        documents = _first(one, _DOCUMENTS)
        queries, qrels = _first(one, ("queries.jsonl",)), _first(one, _QRELS)
        if documents and queries and qrels:
            yield JudgedCorpus(one.name, documents, queries, qrels)


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
