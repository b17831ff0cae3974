"""Tasks of datasets: pinned when a task's file names them or on request; stopped on request."""

from dataclasses import dataclass

from semantic_assets.errors import ConfigError, NotFound, UnknownName
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.task import TaskUse
from semantic_assets.settings import transcription
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.settings.task_file import (
    BESIDE,
    TaskFile,
    TaskFiles,
    read_tasks,
    read_tasks_beside,
)
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedTask(HtmlTable):
    """A dataset that is processed by another version of a task than its file's."""

    dataset: str
    task: str
    #: The task id of the file's version, and of the pinned one.
    wanted: str
    pinned: str


def task_files(store: Store) -> TaskFiles:
    """Read the tasks of the folder of tasks, and the one that comes with the package."""
    backend = store.settings.backend
    own = TaskFiles({transcription.NAME: transcription.transcription(backend)})
    return own.under(read_tasks(store.settings.tasks, backend=backend))


def tasks_beside(store: Store, dataset: DatasetKey) -> TaskFiles:
    """Read the tasks beside a dataset's files."""
    folder = store.sources.about(dataset)
    return read_tasks_beside(folder, dataset, backend=store.settings.backend)


def _service_of(store: Store, dataset: DatasetKey) -> str:
    return store.settings.service_of(store.dataset_settings(dataset).backend)


def find_task(store: Store, name: str, dataset: DatasetKey | None = None) -> TaskFile:
    """Return a task by its name; one beside the dataset's files wins.

    Raises:
        UnknownName: there is no task of that name; the message lists the existing ones.
        ConfigError: its file cannot be used.
    """
    files = task_files(store)
    if dataset is not None:
        files = files.under(tasks_beside(store, dataset))
    if name in files.broken:
        raise ConfigError(files.broken[name])
    if name not in files.valid:
        raise UnknownName(
            f"there is no task {name!r}: there are {', '.join(files.valid) or 'none'} in "
            f"{store.settings.tasks}"
        )
    found = files.valid[name]
    return found if dataset is None else found.on(_service_of(store, dataset))


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
    shared: TaskFiles,
    pinned: PinnedTasks,
) -> dict[str, str]:
    """Pin a dataset to the tasks whose files name it, unless it is pinned to them.

    Return why each task beside its files cannot be used.
    """
    names = store.sources.about_names(dataset)
    has_own = any(name.endswith(BESIDE) for name in names)
    own = tasks_beside(store, dataset) if has_own else TaskFiles()
    broken = dict(own.broken)
    is_derived = pinned.is_made_of_answers(dataset)
    for name, file in shared.under(own).valid.items():
        is_taken = str(dataset) in file.datasets if is_derived else file.takes(dataset)
        if not is_taken and not (name == transcription.NAME and settings.transcribe):
            continue
        try:
            require_room(dataset, file)
        except ConfigError as error:
            broken[name] = str(error)
            continue
        if not pinned.has(dataset, file.task.name):
            task = file.on(store.settings.service_of(settings.backend)).task
            store.ledger.tasks.pin(dataset, task, file.use)
            pinned.add(dataset, file.task.name, file.use)
    return broken


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


def stopped_by_model(pinned: DatasetTask) -> str | None:
    """Return why a dataset's task is stopped by its model, and the cure; None: it is not."""
    if pinned.refusal is None:
        return None
    return (
        f"{pinned.refusal}. Nothing more is sent of it: set model in its file, then `semantic-assets "
        f"generate regenerate -d {pinned.dataset} -t {pinned.task.name}` (it quotes first)"
    )
