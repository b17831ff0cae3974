"""An ordinary splitter: sentences packed to the same size, with a tenth carried over."""

import json
import math
import re
from pathlib import Path

import numpy as np

from benchmarks.corpora import Bench
from semantic_assets.text.chunking import MAX_TOKENS
from semantic_assets.text.tokens import estimate_tokens

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_OVERLAP = 0.1
_AT_ONCE = 100


def split(text: str, *, tokens: int = MAX_TOKENS) -> list[str]:
    chunks: list[list[str]] = [[]]
    for sentence in _SENTENCE.split(text):
        if chunks[-1] and estimate_tokens(" ".join([*chunks[-1], sentence])) > tokens:
            kept = max(1, round(len(chunks[-1]) * _OVERLAP))
            chunks.append(chunks[-1][-kept:])
        chunks[-1].append(sentence)
    return [" ".join(chunk) for chunk in chunks]


def ordinary_ndcg(bench: Bench, corpus: Path) -> float:
    """nDCG@10 over the same documents and questions, each document by its best chunk."""
    documents = [json.loads(line) for line in (corpus / "docs.jsonl").open()]
    chunks = [
        (d["id"], f"{d.get('title') or ''}\n{c}") for d in documents for c in split(d["text"])
    ]
    questions = [json.loads(line) for line in (corpus / "queries.jsonl").open()]
    lines = (corpus / "qrels.tsv").read_text().strip().split("\n")[1:]
    relevant = {question: document for question, document, _ in (x.split("\t") for x in lines)}
    space = bench.store.settings.space
    vectors = _in_parts(
        lambda part: bench.gemini.embed_documents(space, part), [t for _, t in chunks]
    )
    asked = _in_parts(
        lambda part: bench.gemini.embed_queries(space, part), [q["text"] for q in questions]
    )
    total = 0.0
    for question, scores in zip(questions, asked @ vectors.T, strict=True):
        ranked = list(dict.fromkeys(chunks[row][0] for row in np.argsort(-scores)))[:10]
        wanted = relevant[question["id"]]
        total += 1 / math.log2(ranked.index(wanted) + 2) if wanted in ranked else 0.0
    return total / len(questions)


def _in_parts(embed, texts: list[str]) -> np.ndarray:  # type: ignore[no-untyped-def]
    return np.concatenate([embed(texts[n : n + _AT_ONCE]) for n in range(0, len(texts), _AT_ONCE)])
