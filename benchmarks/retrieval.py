"""nDCG@10 of `search` over corpora with questions and relevance judgements (XQuAD)."""

import json
import math
from pathlib import Path

from benchmarks.corpora import WORK, Bench, corpora_folder, scratch
from benchmarks.emulator import running
from benchmarks.ordinary import ordinary_ndcg
from benchmarks.rows import Row
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.search import search
from semantic_assets.text.fingerprint import document_id

#: Floors the emulator's 768-dimensional vectors must keep.
FLOORS = {"xquad_en": 0.85, "xquad_ru": 0.70}
_PASSAGES = 30


def measure() -> list[Row]:
    corpora = corpora_folder()
    if corpora is None:
        print("retrieval: left out; set CORPORA to a folder with xquad_en and xquad_ru")
        return []
    with running(WORK / "retrieval-emulator") as url:
        return _judged(corpora, url)


def _judged(corpora: Path, emulator_url: str) -> list[Row]:
    names = [name for name in FLOORS if (corpora / name).is_dir()]
    sources = {f"bench/{name}/docs.jsonl": corpora / name / "docs.jsonl" for name in names}
    with scratch("retrieval", sources, emulator_url) as bench:
        refresh(bench.store, bench.gemini, wait_minutes=10)
        rows: list[Row] = []
        for name in names:
            ours = _ndcg(bench, DatasetKey("bench", name), corpora / name)
            rows.append(Row(f"nDCG@10 {name}, 768 dimensions", ours, FLOORS[name], "nDCG@10"))
            ordinary = ordinary_ndcg(bench, corpora / name)
            rows.append(
                Row(f"nDCG@10 {name}, against an ordinary splitter", ours, ordinary, "nDCG@10")
            )
        return rows


def _ndcg(bench: Bench, dataset: DatasetKey, corpus: Path) -> float:
    questions = [json.loads(line) for line in (corpus / "queries.jsonl").open()]
    lines = (corpus / "qrels.tsv").read_text().strip().split("\n")[1:]
    relevant = {question: record for question, record, _ in (line.split("\t") for line in lines)}
    total = 0.0
    for question in questions:
        wanted = document_id(
            str(dataset), f"{dataset}/docs.jsonl", f"id:{relevant[question['id']]}"
        )
        hits = search(bench.store, bench.gemini, question["text"], datasets=[dataset], k=_PASSAGES)
        ranked = list(dict.fromkeys(hit.document_id for hit in hits))[:10]
        total += 1 / math.log2(ranked.index(wanted) + 2) if wanted in ranked else 0.0
    return total / len(questions)
