"""The tasks there are: which datasets each processes, what stopped, and what will."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.chat_models import retires_soon
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.generation.task_versions import (
    EditedTask,
    edited_tasks,
    stopped_by_model,
    task_files,
    tasks_beside,
)
from semantic_assets.settings.task_file import TaskFile
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListed(HtmlTable):
    """A task of a file or of the package, or one that processes a dataset."""

    task: str
    model: str
    reads: str
    answers: str
    #: The datasets it processes.
    datasets: str
    #: Those of them on an older version than its file: see `regenerate`.
    edited_for: str
    #: Why it is stopped or will be, with the cure; empty where nothing is wrong.
    trouble: str


def list_of_tasks(store: Store) -> list[TaskListed]:
    """List every task; one whose file cannot be used says why."""
    pinned, edited = store.ledger.tasks.all(stopped=True), edited_tasks(store)
    files = task_files(store)
    broken = files.broken | broken_beside(store)
    names = {*files.valid, *broken, *(one.task.name for one in pinned)}
    return [
        _listed(
            name,
            files.valid.get(name),
            [one for one in pinned if one.task.name == name],
            edited,
            broken.get(name),
        )
        for name in sorted(names)
    ]


@dataclass(frozen=True, slots=True)
class TaskTrouble:
    """What a person should see to about a task."""

    found: str
    #: Empty where what was found names it.
    remedy: str = ""
    #: The task still works.
    is_warning: bool = False


def task_troubles(store: Store) -> list[TaskTrouble]:
    """List what stopped tasks, what will stop them, and files that changed since they were begun."""
    broken = {**task_files(store).broken, **broken_beside(store)}.values()
    found = [TaskTrouble(reason, "mend the file, or take it away") for reason in broken]
    for pinned in store.ledger.tasks.all(stopped=True):
        if reason := stopped_by_model(pinned):
            found.append(TaskTrouble(reason))
    for warning in retiring_models(store):
        found.append(TaskTrouble(warning, "change model in its file", is_warning=True))
    for one in edited_tasks(store):
        found.append(
            TaskTrouble(
                f"{one.task} was edited since {one.dataset} was begun with it",
                f"`semantic-assets generate regenerate -d {one.dataset} -t {one.task}` quotes what "
                "the new one costs; or put the file back",
            )
        )
    return found


def broken_beside(store: Store) -> dict[str, str]:
    """Return why tasks beside the files of datasets cannot be used, by name."""
    found: dict[str, str] = {}
    for dataset in store.ledger.sources.datasets():
        try:
            found |= tasks_beside(store, dataset).broken
        except (SemanticAssetsError, OSError):
            continue  # the sources are away: a listing reports that
    return found


def retiring_models(store: Store, datasets: Collection[DatasetKey] = ()) -> list[str]:
    """Return a warning for each task in use, of all datasets or these, whose model ends soon."""
    today = datetime.fromtimestamp(store.ledger.now(), UTC).date()
    found = []
    for one in store.ledger.tasks.all():
        warning = retires_soon(one.task.model, today)
        if warning and (not datasets or one.dataset in datasets):
            found.append(f"task {one.task.name} of {one.dataset}: {warning}")
    return found


def _listed(
    name: str,
    file: TaskFile | None,
    its: list[DatasetTask],
    edited: list[EditedTask],
    broken: str | None,
) -> TaskListed:
    task = file.task if file is not None else its[0].task if its else None
    stopped = [reason for one in its if (reason := stopped_by_model(one))]
    soon = [warning for warning in [retires_soon(task.model) if task else None] if warning]
    return TaskListed(
        task=name,
        model=task.model if task else "",
        reads="" if task is None else "media" if task.is_media else "text",
        answers="" if task is None else "JSON" if task.response_schema else "text",
        datasets=", ".join(str(one.dataset) for one in its),
        edited_for=", ".join(one.dataset for one in edited if one.task == name),
        trouble="; ".join([*([broken] if broken else []), *stopped, *soon]),
    )
