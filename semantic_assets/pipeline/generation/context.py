"""The answers that a shard's documents are split with, and the documents that wait for one."""

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

#: The context allowed before a chunk of 800 estimated tokens: the model truncates in silence at
#: 2,048, and an estimate may be wrong by a factor of 2.
MAX_CONTEXT_TOKENS = 150
_WORD_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Fed:
    """The answers a document is split with."""

    #: The description of a medium, which has no text of its own; None: use the document's text.
    text: str | None
    #: Stands before each chunk's text when it is embedded.
    context: str | None
    #: Hash of the document's content and the answers: an unchanged document is not split again.
    content_hash: str


@dataclass(frozen=True, slots=True)
class _Answers:
    task: DatasetTask
    #: Maps document_id to (content_hash it was given for, status, output).
    of: dict[str, tuple[str, str, str | None]]


class Feeds:
    """The awaited answers of a shard, to be asked once for each document; none awaited, none waits."""

    def __init__(self, answers: Sequence[_Answers]) -> None:
        self._answers = answers
        self.waiting = 0

    @classmethod
    def open(cls, store: Store, shard: ShardKey, tasks: Sequence[DatasetTask]) -> Self:
        return cls([_read(store, shard, pinned) for pinned in tasks])

    def of(self, document: str, content_hash: str, status: str) -> Fed | None:
        """Return the answers a document is split with; None: one is still out, so it waits."""
        if not self._answers:
            return Fed(None, None, content_hash)
        texts: list[str] = []
        contexts: list[str] = []
        etags = [content_hash]
        for answers in self._answers:
            if answers.task.task.is_media != (status == ParseStatus.PENDING_DESCRIPTION):
                continue
            given_for, outcome, output = answers.of.get(document, ("", "", None))
            if given_for != content_hash and answers.task.is_stopped:
                continue  # the task is stopped: a document without an answer is split without it
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
    """List the tasks whose answers the documents of a shard are split with, stopped ones included."""
    tasks = store.ledger.tasks.of(shard.dataset, stopped=True)
    return [pinned for pinned in tasks if pinned.is_awaited]


def context_digest(
    tasks: Sequence[DatasetTask], shard: ShardKey, output_of: Callable[[str], str | None]
) -> str | None:
    """Return the digest of the answers a shard's chunks carry; None: no task is awaited.

    Args:
        output_of: maps the path of a `generations` table to its fingerprint; None: there is none.
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
    """Map the path of each present `generations` table to its fingerprint.

    Documents are split with these only. The ledger alone would also name lost tables: chunks split
    without them, and again when they are back, would have the same inputs twice.
    """
    paths = [layout.outputs(pinned.task.task_id, shard) for pinned in tasks]
    found = {path: store.trusted_fingerprint(path) for path in paths}
    return {path: mark for path, mark in found.items() if mark is not None}


def shortened(text: str) -> str:
    """Shorten a text to the words that fit into `MAX_CONTEXT_TOKENS`."""
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
