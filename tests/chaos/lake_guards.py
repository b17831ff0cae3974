"""Switching off what keeps files, tables and the ledger in step when a process dies or sleeps."""

from contextlib import nullcontext
from typing import Any

import pyarrow.parquet as pq

from semantic_assets import lineage
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.leases import Lease
from semantic_assets.pipeline.batch_jobs import restore
from semantic_assets.pipeline.chunks import chunk_shard
from semantic_assets.pipeline.embeddings import assemble
from semantic_assets.pipeline.flows import advance
from semantic_assets.pipeline.generation import outputs, write_prompts
from semantic_assets.pipeline.pending import landed, pending
from semantic_assets.pipeline.vector_index import build, switch
from semantic_assets.store import Store


def no_results_fence() -> None:
    """A process that slept writes what became of a job over what another knows better."""
    Jobs.held = lambda *_: nullcontext()  # type: ignore[method-assign]
    Lease.require = lambda self: None  # type: ignore[method-assign]


def no_landed_files() -> None:
    """A results file in place says nothing: the row decides."""
    advance.adopt_landed = lambda store: 0


def no_index_completion() -> None:
    """The key index is believed as it is found."""

    def opened(store: Store, space_id: str) -> KeyIndex:
        return store.key_index(space_id)

    pending.complete_key_index = opened


def no_table_record() -> None:
    """A table file is what the ledger says, whatever its own fingerprint."""

    def is_current(self: Store, path: str, input_fingerprint: str) -> bool:
        record = self.ledger.files.find(path)
        return record is not None and record.input_fingerprint == input_fingerprint

    Store.is_current = is_current  # type: ignore[method-assign]
    Store.trusted_fingerprint = lambda self, path: self.lake.fingerprint(path)  # type: ignore[method-assign]
    for module in (assemble, chunk_shard, outputs, write_prompts):
        module.known_table = lambda store, path: store.lake.fingerprint(path)  # type: ignore[attr-defined]


def no_paid_digest() -> None:
    """A paid file is used as it lies there, without its checksums."""
    for module in (assemble, outputs, restore):
        module.require_intact = lambda *_: None  # type: ignore[attr-defined]
    landed.require_named = lambda *_: None
    real = pq.ParquetFile.__init__

    def unchecked(self: pq.ParquetFile, source: Any, *_: Any, **given: Any) -> None:
        real(self, source, *_, **(given | {"page_checksum_verification": False}))

    pq.ParquetFile.__init__ = unchecked


def no_setting_aside() -> None:
    """The texts of a paid file that is broken are pending again."""
    landed.set_aside = lambda *_: False
    landed._may_hold_answers = lambda *_: False


def no_ledger_id() -> None:
    """A ledger made anew over a lake takes a name of its own."""
    lineage.known_id = lambda lake: None


def no_index_rebuild() -> None:
    """An index is there because the ledger says so."""
    build._stays = lambda *_, **__: True
    build.is_kept = lambda *_: True
    build.publish_alias = switch.publish_alias = lambda *_: None
