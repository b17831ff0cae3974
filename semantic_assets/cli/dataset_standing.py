"""What `status` shows of datasets: what they hold, and what is left to do in each."""

from typing import TYPE_CHECKING

from semantic_assets.cli.options import print_json, show_found

if TYPE_CHECKING:
    from rich.table import Table

    from semantic_assets.pipeline.reports.dataset_overview import DatasetOverview


def is_job(names: tuple[str, ...], root: str | None) -> bool:
    """Tell whether what was typed after `status` is a job, and no dataset or project."""
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.pipeline.reports.dataset_overview import is_of_datasets

    if len(names) > 1:
        return False
    (name,) = names
    with SemanticCore(root) as core:
        is_named = "/" not in name and core.has_generation(name)
        return is_named or not is_of_datasets(core.reader, name)


def show_datasets(names: tuple[str, ...], root: str | None, as_json: bool) -> None:
    """Show datasets, and what tasks make of them."""
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.cli.cells import show
    from semantic_assets.pipeline.reports.dataset_overview import overviews_of

    with SemanticCore(root) as core:
        keys = dataset_keys(core.reader, names)
        datasets = overviews_of(core.reader, keys)
        found: list[object] = []
        for key in keys:
            for pinned in core.reader.ledger.tasks.of(key, stopped=True):
                found.append(core.generation(str(key), task=pinned.task.name).status())
    if as_json:
        print_json([*datasets, *found])
        return
    show(_table(datasets))
    if found:
        show_found(found, as_json)


def _table(datasets: "list[DatasetOverview]") -> "Table":
    from semantic_assets.cli.cells import add_row, table

    made = table("dataset", "documents", "in search", "to chunk", "to embed", "to index")
    for one in datasets:
        left = one.documents_to_chunk, one.chunks_to_embed, one.vectors_to_index
        add_row(
            made, one.dataset, *(f"{count:,}" for count in (one.documents, one.passages, *left))
        )
    return made
