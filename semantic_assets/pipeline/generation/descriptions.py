"""What became of the media of a shard: described, refused with a reason, or neither yet."""

from dataclasses import dataclass

from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.store import Store

_COLUMNS = ["document_id", "content_hash", "status", "error_code", "error_message"]


@dataclass(frozen=True, slots=True)
class Described:
    """The outcome of one medium."""

    #: Of the content that it is about: an edited medium waits again.
    content_hash: str
    task: str
    #: Why there is no description; None: there is one.
    error: str | None

    def shown(self, content_hash: str) -> dict[str, str | None]:
        """Return what is shown of a medium with this content in place of how it was read."""
        if content_hash != self.content_hash:
            return {}
        if self.error is not None:
            return {"parse_error": self.error}
        return {"parse_status": ParseStatus.DESCRIBED, "parse_error": None}


def descriptions(store: Store, shard: ShardKey) -> dict[str, Described]:
    """Map the media of a shard that have an outcome to it, by document_id."""
    found: dict[str, Described] = {}
    for pinned in store.ledger.tasks.of(shard.dataset, stopped=True):
        path = layout.outputs(pinned.task.task_id, shard)
        if not pinned.task.is_media or not store.lake.exists(path):
            continue
        for row in store.lake.read(path, _COLUMNS).to_pylist():
            told = f"{row['error_code'] or ''} {row['error_message'] or ''}".strip()
            error = None if row["status"] == RowStatus.READY else told or "no reason was given"
            before = found.get(row["document_id"])
            if before is None or before.error is not None:  # another task may have described it
                found[row["document_id"]] = Described(row["content_hash"], pinned.task.name, error)
    return found
