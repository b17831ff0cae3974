"""The generation interface for programs: process documents by a task and read the answers.

job = core.generate("articles.jsonl", task="summary-en", name="week-47")
job.wait()
for row in job.results(): ...
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.api.core import Consent, Core, dataset_key
from semantic_assets.errors import ConfigError, NotFound, UnknownName
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate_tasks import TaskQuote
from semantic_assets.pipeline.generation.task_versions import find_task
from semantic_assets.pipeline.generation_jobs.generate import (
    GenerationStatus,
    generation_results,
    generation_status,
    quote_generation,
    require_same,
    retry_generation,
    submit_generation,
    wait_generation,
)
from semantic_assets.pipeline.generation_jobs.generation_files import (
    PROJECT,
    dataset_of_file,
    on_approval,
    take_documents,
    take_file,
)
from semantic_assets.pipeline.reports.dataset_overview import REMOTE
from semantic_assets.store import Store
from semantic_assets.system.durable import replacing

#: A file; or Documents, mappings with `text` (and `id`, `title` or more), or plain texts.
Articles = str | Path | Sequence[Document | Mapping[str, Any] | str]


_RESULTS = pa.schema(
    [
        *((name, pa.string()) for name in ("document_id", "id", "uri", "title", "status")),
        *((name, pa.large_string()) for name in ("output", "error_code", "error")),
        ("finish_reason", pa.string()),
        ("tokens", pa.int32()),
        ("output_tokens", pa.int32()),
        ("usd", pa.float64()),
        ("attempts", pa.int32()),
    ]
)


class GenerationJob:
    """A dataset processed by a task. It holds only names: any process can continue it."""

    def __init__(self, core: Core, dataset: DatasetKey, task: str) -> None:
        self._core, self.dataset, self.task = core, dataset, task

    def __repr__(self) -> str:
        return f"GenerationJob(dataset={str(self.dataset)!r}, task={self.task!r})"

    @property
    def name(self) -> str:
        """The name by which `generate status` finds the job."""
        is_file = self.dataset.project == PROJECT
        return self.dataset.dataset if is_file else str(self.dataset)

    def status(self) -> GenerationStatus:
        """How far it is, as last polled."""
        return generation_status(self._core.reader, self.dataset, self.task)

    def wait(self, timeout: float | None = None) -> GenerationStatus:
        """Send and collect until every document has its outcome, printing progress.

        Args:
            timeout: seconds; None: as long as it takes. A stopped wait can be repeated.
        """
        minutes = math.inf if timeout is None else timeout / 60
        store, gemini = self._core.store, self._core.gemini
        with self._core.reporting(print):
            return wait_generation(store, gemini, self.dataset, self.task, wait_minutes=minutes)

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each document with an outcome: document_id, id, output, error, tokens, ..."""
        return generation_results(self._core.reader, self.dataset, self.task)

    def retry(self) -> int:
        """Make the failed requests pending again and return their number; `wait` sends them."""
        return retry_generation(self._core.store, self.dataset, self.task)


def generate(
    core: Core,
    articles: Articles | None,
    *,
    task: str,
    name: str | None,
    dataset: str | None,
    dry_run: bool,
    consent: Consent,
    **options: Any,
) -> GenerationJob | TaskQuote:
    """Start or quote a generation job; see `SemanticCore.generate`."""
    if (articles is None) == (dataset is None):
        raise ConfigError("say what is to be processed: articles, or dataset='project/name'")
    if articles is None:
        key = dataset_key(core.reader, dataset)
        return _process(core, key, task, dry_run, consent=consent, **options)
    key = _dataset_of(articles, name)
    require_same(core.store, key, find_task(core.store, task, key))
    with on_approval(core.store, key) as approve:
        _take(core.store, articles, key)

        def consented(quote: Estimate) -> None:
            if consent is not None:
                consent(quote)
            approve()

        found = _process(core, key, task, dry_run, consent=consented, **options)
        if not dry_run:
            approve()
        return found


def _process(
    core: Core, key: DatasetKey, task: str, dry_run: bool, **options: Any
) -> GenerationJob | TaskQuote:
    if dry_run:
        return quote_generation(core.store, key, task)
    submit_generation(core.store, core.gemini, key, task, **options)
    return GenerationJob(core, key, task)


def find_job(core: Core, name: str, task: str | None = None) -> GenerationJob:
    """Return the job of a submitted name or of `project/dataset`.

    Raises:
        NotFound: there is none; or there are several tasks and none is named.
    """
    key = _key_of(core, name)
    tasks = [pinned.task.name for pinned in core.reader.ledger.tasks.of(key, stopped=True)]
    if task is None and len(tasks) == 1:
        return GenerationJob(core, key, tasks[0])
    if task is None and tasks:
        raise NotFound(f"{name} is processed by {', '.join(tasks)}: name one with --task")
    if task not in tasks:
        raise NotFound(
            f"nothing is generated under {name!r}{f' by task {task}' if task else ''}: "
            "`semantic-assets generate list` shows what is"
        )
    return GenerationJob(core, key, str(task))


def is_job(core: Core, name: str) -> bool:
    """Return whether any task, stopped ones included, processes this name or `project/dataset`.

    Raises:
        UnknownName: there is no such dataset.
    """
    if name.startswith(REMOTE):
        return False
    try:
        return bool(core.reader.ledger.tasks.of(_key_of(core, name), stopped=True))
    except UnknownName:
        raise
    except ConfigError:  # no name at all
        return False


def _key_of(core: Core, name: str) -> DatasetKey:
    return dataset_key(core.reader, name) if "/" in name else DatasetKey(PROJECT, name)


def _dataset_of(articles: Articles, name: str | None) -> DatasetKey:
    if isinstance(articles, str | Path):
        return dataset_of_file(Path(articles), name)
    if not articles:
        raise ConfigError("there are no articles: nothing was sent")
    if name is None:
        raise ConfigError(
            "articles from memory need a name='...', under which they are found again"
        )
    return DatasetKey(PROJECT, name)


def _take(store: Store, articles: Articles, dataset: DatasetKey) -> None:
    if isinstance(articles, str | Path):
        take_file(store, Path(articles), dataset)
    elif all(isinstance(article, Document) for article in articles):
        take_documents(store, [a for a in articles if isinstance(a, Document)], dataset)
    else:
        _take_records(store, articles, dataset)


def _take_records(store: Store, articles: Sequence[Any], dataset: DatasetKey) -> None:
    """Take in records as one JSON Lines file, so that their ids may be anything."""
    with TemporaryDirectory(prefix="semantic-assets-") as folder:
        path = Path(folder) / "articles.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number, article in enumerate(articles):
                record = {"text": article} if isinstance(article, str) else article
                if not isinstance(record, Mapping):
                    raise ConfigError(
                        f"article {number} is a {type(article).__name__}: use a text, a mapping "
                        "with 'text', or Documents for all"
                    )
                try:
                    file.write(json.dumps(dict(record), ensure_ascii=False, default=str) + "\n")
                except UnicodeEncodeError as error:
                    raise ConfigError(
                        f"article {number} holds characters that are no text ({error.reason}): "
                        "take them out"
                    ) from error
        take_file(store, path, dataset)


def write_jsonl(rows: Iterator[dict[str, Any]], path: Path) -> int:
    """Replace a file by the rows, one JSON line each; return the number of rows."""
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def write_parquet(rows: Iterator[dict[str, Any]], path: Path) -> int:
    """Replace a Parquet file by the rows; return the number of rows.

    `output` is written as JSON text, since tasks answer in different shapes.
    """
    found = [{**row, "output": _json(row["output"])} for row in rows]
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(found, schema=_RESULTS), temporary)
    return len(found)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
