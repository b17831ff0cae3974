"""Switching off what keeps one bad thing to itself, stops at refusals, and knows lakes and keys."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from semantic_assets import lineage
from semantic_assets.batching import answers
from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini import client, faults, sdk_batches
from semantic_assets.gemini.faults import Method
from semantic_assets.lake import layout, manifests
from semantic_assets.lake.lake import Lake
from semantic_assets.pipeline.batch_jobs import submit
from semantic_assets.pipeline.flows import advance
from semantic_assets.pipeline.pending import landed, pending


def manifests_trusted() -> None:
    """A manifest is there, and can be read."""

    def column(lake: Lake, job_id: str) -> pa.StringArray:
        return lake.read(layout.manifest(job_id), ["text_hash"])["text_hash"].combine_chunks()

    for module in (manifests, pending):
        module.manifest_key_column = column  # type: ignore[attr-defined]


def untranslated() -> None:
    """Errors of transport and decoding leave the client as they are."""

    @contextmanager
    def translated(method: Method, *, secret: str | None = None) -> Iterator[None]:
        from google.genai import errors

        try:
            yield
        except SemanticAssetsError:
            raise
        except errors.APIError as error:
            raise faults._of_answer(error, method, secret) from error

    client.translated = sdk_batches.translated = translated


def any_count() -> None:
    """A token count is what stands there."""
    answers._MOST_TOKENS = 2**63


def refusals_cost_attempts() -> None:
    """A refusal that hits every job is taken for one of its texts."""
    submit.refused_like_others = lambda *_: False


def rows_fail_alone() -> None:
    """A row that fails beside half of its job fails by itself."""
    landed._side_by_side = lambda table: 0


def one_service() -> None:
    """Only the service of the settings is asked."""
    advance.services = lambda store, gemini: [gemini]


def no_home() -> None:
    """A copy of a lake is taken for the lake."""
    lineage.require_home = lambda *_: None


def no_event_count() -> None:
    """A ledger is taken for the newest."""
    lineage.require_newest = lambda *_: None


def unscrubbed() -> None:
    """Google's words are kept as they are."""

    def kept(text: str, *secrets: str | None) -> str:
        return text

    faults.scrubbed = sdk_batches.scrubbed = kept
