"""Bring one dataset's new documents to search in real time, as far as the mode allows."""

from dataclasses import dataclass

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.statuses import Mode, mode_of
from semantic_assets.pipeline.costs.estimate import require_run_budget
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.assemble_and_index import assemble_and_index
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.flows.realtime_mode import embed_in_realtime
from semantic_assets.pipeline.pending.pending import Counted
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtIn(HtmlTable):
    """The texts that were embedded, and whether all of the dataset can be found now."""

    job_ids: tuple[str, ...]
    texts: int
    usd: float
    is_searchable: bool


def refresh_now(
    store: Store, gemini: Gemini, dataset: DatasetKey, *, mode: str, unshared: bool = False
) -> BroughtIn:
    """Read, split, embed in real time as `mode` allows, and index; the rest goes by batch.

    Args:
        unshared: do and tell the same whether or not another project holds a text. Shards that are
            not embedded now get no answer, and no job is named.

    Raises:
        SpendRefused: the quote is over the cap of a run. Nothing was sent.
        SemanticAssetsError, OSError: what stopped the dataset.
    """
    mode = mode_of(mode)
    found = discover(store, datasets=(dataset,))
    cut = prepare_shards(store, found, unshared=unshared)
    if mode != Mode.ASYNC:  # it sends nothing here: no cap may keep a deletion from search
        counted = Counted.UNSHARED if unshared else Counted.TO_SEND
        require_run_budget(store, (dataset,), None, counted=counted)
    done = embed_in_realtime(store, gemini, cut.shards, mode=mode, unshared=unshared)
    left = set(cut.shards) - done.shards if unshared else set()
    published = assemble_and_index(store, cut.shards, unshared=left)
    for error in (*cut.troubles.values(), *published.troubles.values()):
        raise error
    jobs = [] if unshared else [report.job_id for report in done.reports]
    return BroughtIn(
        job_ids=tuple(job_id for job_id in jobs if job_id is not None),
        texts=sum(report.texts for report in done.reports),
        usd=sum(report.usd for report in done.reports),
        # A dataset that could not be listed, or was removed meanwhile, is not in the index.
        is_searchable=dataset in found.datasets
        and {report.shard for report in published.embeddings} == set(cut.shards) != set()
        and all(report.is_settled for report in published.embeddings),
    )
