"""Feeds: the answers of tasks that documents of a shard are cut with, and who still waits for one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint, text_hash
from semantic_assets.text.rendering import chosen_text
from semantic_assets.text.tokens import estimate_tokens

#: Of a chunk of 800 estimated tokens, what may stand before its text: the model cuts off in
#: silence at 2,048, and an estimate may be wrong by a factor of 2.
MAX_CONTEXT_TOKENS = 150
_WORD_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Fed:
    """What a document is cut with."""

    #: Of a medium, its description: it has no text of its own. None: its text.
    text: str | None
    #: Stands before each chunk's text when it is embedded.
    context: str | None
    #: Of the document's content and the answers: what has not changed is not cut again.
    content_hash: str


@dataclass(frozen=True, slots=True)
class _Answers:
    task: DatasetTask
    #: document_id -> (content_hash it was given for, status, output).
    of: dict[str, tuple[str, str, str | None]]


class Feeds:
    """Asked once for each document. Without awaited tasks nobody waits."""

    def __init__(self, answers: Sequence[_Answers]) -> None:
        self._answers = answers
        self.waiting = 0

    @classmethod
    def open(cls, store: Store, shard: ShardKey, tasks: Sequence[DatasetTask]) -> Self:
        return cls([_read(store, shard, pinned) for pinned in tasks])

    def of(self, document: str, content_hash: str, status: str) -> Fed | None:
        """None: an answer is still out, the document waits."""
        texts: list[str] = []
        contexts: list[str] = []
        etags = [content_hash]
        for answers in self._answers:
            if answers.task.task.is_media != (status == ParseStatus.PENDING_DESCRIPTION):
                continue
            given_for, outcome, output = answers.of.get(document, ("", "", None))
            if given_for != content_hash and answers.task.is_stopped:
                continue  # nobody asks any more: what has no answer is cut without
            if given_for != content_hash:
                self.waiting += 1
                return None
            if outcome == RowStatus.READY and output is not None:
                chosen = chosen_text(output, answers.task.use.vector_text)
                (texts if status == ParseStatus.PENDING_DESCRIPTION else contexts).append(chosen)
                etags.append(chosen)
        mark = content_hash if len(etags) == 1 else text_hash("\x1f".join(etags))
        text = "\n\n".join(texts) if status == ParseStatus.PENDING_DESCRIPTION else None
        return Fed(text, shortened("\n".join(contexts)) or None, mark)


def awaited_tasks(store: Store, shard: ShardKey) -> list[DatasetTask]:
    """Tasks whose answers the documents of a shard are cut with."""
    tasks = store.ledger.tasks.of(shard.dataset, stopped=True)
    return [pinned for pinned in tasks if pinned.is_awaited]


def context_digest(
    tasks: Sequence[DatasetTask], shard: ShardKey, output_of: Callable[[str], str | None]
) -> str | None:
    """Of what a shard's chunks stand with; None: of nothing.

    Args:
        output_of: path of a `generations` table -> its fingerprint, None where there is none.
    """
    awaited = [pinned for pinned in tasks if pinned.is_awaited]
    if not awaited:
        return None
    parts: list[str | None] = []
    for pinned in awaited:
        path = layout.outputs(pinned.task.task_id, shard)
        parts += [pinned.task.task_id, *pinned.use.vector_text, output_of(path)]
        parts += ["stopped"] if pinned.is_stopped else []
    return fingerprint(*parts)


def trusted_outputs(store: Store, shard: ShardKey, tasks: Sequence[DatasetTask]) -> dict[str, str]:
    """Path -> fingerprint of the `generations` that are there, as documents are cut with no others.

    The ledger alone also knows those that were lost: cut without them, and once more when they are
    back, chunks would be of the same inputs twice.
    """
    paths = [layout.outputs(pinned.task.task_id, shard) for pinned in tasks]
    found = {path: store.trusted_fingerprint(path) for path in paths}
    return {path: mark for path, mark in found.items() if mark is not None}


def shortened(text: str) -> str:
    """At most as many words as `MAX_CONTEXT_TOKENS` holds."""
    if estimate_tokens(text) <= MAX_CONTEXT_TOKENS:
        return text.strip()
    words = text.split()
    kept = words[: MAX_CONTEXT_TOKENS // _WORD_TOKENS]
    while kept and estimate_tokens(" ".join(kept)) > MAX_CONTEXT_TOKENS:
        kept = kept[: len(kept) * 3 // 4]
    return " ".join(kept)


def _read(store: Store, shard: ShardKey, pinned: DatasetTask) -> _Answers:
    path = layout.outputs(pinned.task.task_id, shard)
    if store.trusted_fingerprint(path) is None:
        return _Answers(pinned, {})
    columns = ["document_id", "content_hash", "status", "output"]
    table = store.lake.read(path, columns)
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    return _Answers(pinned, {document: tuple(rest) for document, *rest in rows})
