"""Tasks of datasets: pinned when a task's file names them or on request; stopped on request."""

from collections.abc import Mapping
from dataclasses import dataclass

from semantic_assets.errors import ConfigError, NotFound, UnknownName
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.task import TaskUse
from semantic_assets.settings import transcription
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.settings.task_file import BESIDE, TaskFile, read_tasks, read_tasks_beside
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedTask(HtmlTable):
    """A dataset that is processed by another version of a task than its file's."""

    dataset: str
    task: str
    #: The task id of the file's version, and of the pinned one.
    wanted: str
    pinned: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListed(HtmlTable):
    task: str
    model: str
    reads: str
    answers: str
    #: The datasets it processes.
    datasets: str
    #: Those of them on an older version than its file: see `regenerate`.
    edited_for: str


def task_files(store: Store) -> dict[str, TaskFile]:
    """Read the tasks of the folder of tasks, and the one that comes with the package, by name.

    Raises:
        ConfigError: one of the files is invalid.
    """
    backend = store.settings.backend
    own = {transcription.NAME: transcription.transcription(backend)}
    return own | read_tasks(store.settings.tasks, backend=backend)


def tasks_beside(store: Store, dataset: DatasetKey) -> dict[str, TaskFile]:
    """Read the tasks beside a dataset's files, by name. Raises as `task_files`."""
    folder = store.sources.about(dataset)
    return read_tasks_beside(folder, dataset, backend=store.settings.backend)


def find_task(store: Store, name: str, dataset: DatasetKey | None = None) -> TaskFile:
    """Return a task by its name; one beside the dataset's files wins.

    Raises:
        UnknownName: there is no task of that name; the message lists the existing ones.
    """
    files = task_files(store) | (tasks_beside(store, dataset) if dataset else {})
    if name not in files:
        raise UnknownName(
            f"there is no task {name!r}: there are {', '.join(files) or 'none'} in "
            f"{store.settings.tasks}"
        )
    return files[name]


class PinnedTasks:
    """The names of the tasks of all datasets, and the datasets whose documents a task writes."""

    def __init__(self, store: Store) -> None:
        self._names: dict[DatasetKey, set[str]] = {}
        self._made: set[tuple[str, str]] = set()
        for one in store.ledger.tasks.all(stopped=True):
            self.add(one.dataset, one.task.name, one.use)

    def add(self, dataset: DatasetKey, name: str, use: TaskUse) -> None:
        self._names.setdefault(dataset, set()).add(name)
        if use.documents is not None:
            self._made.add((dataset.project, f"{dataset.dataset}-{name}"))

    def has(self, dataset: DatasetKey, name: str) -> bool:
        return name in self._names.get(dataset, ())

    def is_made_of_answers(self, dataset: DatasetKey) -> bool:
        """Say whether a task writes this dataset's documents.

        A pattern in a task file does not take such a dataset: that would never end.
        """
        return (dataset.project, dataset.dataset) in self._made


def pin_tasks(
    store: Store,
    dataset: DatasetKey,
    settings: DatasetSettings,
    shared: Mapping[str, TaskFile],
    pinned: PinnedTasks,
) -> None:
    """Pin a dataset to the tasks whose files name it, unless it is pinned to them.

    Raises:
        ConfigError: a task file beside its own files is invalid.
    """
    names = store.sources.about_names(dataset)
    has_own = any(name.endswith(BESIDE) for name in names)
    files = {**shared, **tasks_beside(store, dataset)} if has_own else shared
    is_derived = pinned.is_made_of_answers(dataset)
    for name, file in files.items():
        is_taken = str(dataset) in file.datasets if is_derived else file.takes(dataset)
        if not is_taken and not (name == transcription.NAME and settings.transcribe):
            continue
        require_room(dataset, file)
        if not pinned.has(dataset, file.task.name):
            store.ledger.tasks.pin(dataset, file.task, file.use)
            pinned.add(dataset, file.task.name, file.use)


def require_room(dataset: DatasetKey, file: TaskFile) -> None:
    """Check that the dataset its answers become can be named.

    Raises:
        ConfigError: there is no valid name for it.
    """
    if file.use.documents is not None:
        DatasetKey(dataset.project, f"{dataset.dataset}-{file.task.name}")


def pinned_task(store: Store, dataset: DatasetKey, name: str) -> DatasetTask:
    """Return a dataset's pinned task of this name.

    Raises:
        NotFound: the dataset is not processed by a task of that name.
    """
    for pinned in store.ledger.tasks.of(dataset, stopped=True):
        if pinned.task.name == name:
            return pinned
    raise NotFound(
        f"dataset {dataset} is not processed by a task {name!r}: `semantic-assets generate submit "
        f"--dataset {dataset} --task {name}`"
    )


def list_of_tasks(store: Store) -> list[TaskListed]:
    """List every task of the folder of tasks and of the package, or that processes a dataset.

    Raises:
        ConfigError: a file of the folder of tasks is invalid.
    """
    pinned = store.ledger.tasks.all(stopped=True)
    names = sorted({*task_files(store), *(one.task.name for one in pinned)})
    files = task_files(store)
    return [_listed(store, name, files.get(name), pinned) for name in names]


def _listed(
    store: Store, name: str, file: TaskFile | None, pinned: list[DatasetTask]
) -> TaskListed:
    its = [one for one in pinned if one.task.name == name]
    task = file.task if file is not None else its[0].task
    edited = [one.dataset for one in edited_tasks(store) if one.task == name]
    return TaskListed(
        task=name,
        model=task.model,
        reads="media" if task.is_media else "text",
        answers="JSON" if task.response_schema else "text",
        datasets=", ".join(str(one.dataset) for one in its),
        edited_for=", ".join(edited),
    )


def edited_tasks(store: Store) -> list[EditedTask]:
    """List datasets whose task's file has changed; nothing changes for them before `regenerate`."""
    found = []
    for pinned in store.ledger.tasks.all():
        try:
            file = find_task(store, pinned.task.name, pinned.dataset)
        except ConfigError:
            continue  # gone or invalid: a listing reports that
        if (file.task, file.use) != (pinned.task, pinned.use):
            names = (file.task.task_id, pinned.task.task_id)
            found.append(
                EditedTask(
                    dataset=str(pinned.dataset),
                    task=pinned.task.name,
                    wanted=names[0],
                    pinned=names[1],
                )
            )
    return found
