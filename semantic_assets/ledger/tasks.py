"""Generation tasks: the definition of each id, and the tasks that process each dataset.

A dataset's task is pinned: an edited task file changes nothing until `regenerate`, since other
answers cost money, and so does embedding the chunks with them again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from semantic_assets.errors import NotFound
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import dataset_task, task
from semantic_assets.model.chat_models import why_not
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.task import GenerationTask, TaskUse


@dataclass(frozen=True, slots=True)
class DatasetTask:
    """A task that processes a dataset."""

    dataset: DatasetKey
    task: GenerationTask
    use: TaskUse
    #: No more requests are sent; existing answers stay in use.
    is_stopped: bool = False
    #: Why its model answers no more, which stops it as a person would; None: it answers.
    refusal: str | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether documents are split only once they have the task's answer."""
        return self.task.is_media or bool(self.use.vector_text)


@dataclass(frozen=True, slots=True)
class Tasks:
    database: Database
    #: What an id stands for never changes.
    _found: dict[str, GenerationTask] = field(default_factory=dict, repr=False, compare=False)

    def register(self, definition: GenerationTask) -> None:
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(task)
                .values(task_id=definition.task_id, definition=asdict(definition))
                .on_conflict_do_nothing()
            )

    def find(self, task_id: str) -> GenerationTask:
        """Return a task by id.

        Raises:
            NotFound: that task never processed a dataset.
        """
        if task_id in self._found:
            return self._found[task_id]
        query = sa.select(task.c.definition).where(task.c.task_id == task_id)
        with self.database.read() as connection:
            definition = connection.execute(query).scalar_one_or_none()
        if definition is None:
            raise NotFound(f"the ledger knows no generation task {task_id}")
        return self._found.setdefault(task_id, GenerationTask(**definition))

    def pin(self, dataset: DatasetKey, definition: GenerationTask, use: TaskUse) -> bool:
        """Pin a task to a dataset; return False and change nothing if its name is pinned."""
        self.register(definition)
        with self.database.write() as connection:
            made = connection.execute(
                self.database.insert(dataset_task)
                .values(**_key(dataset, definition.name), **_pinned(definition, use))
                .on_conflict_do_nothing()
                .returning(dataset_task.c.name)
            ).all()
        return bool(made)

    def repin(self, dataset: DatasetKey, definition: GenerationTask, use: TaskUse) -> None:
        """Pin this definition of a task to a dataset in place of the current one."""
        self.register(definition)
        values = _pinned(definition, use)
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(dataset_task)
                .values(**_key(dataset, definition.name), **values)
                .on_conflict_do_update(index_elements=["dataset", "name"], set_=values)
            )

    def stop(self, dataset: DatasetKey, name: str) -> bool:
        """Stop a task's requests; return False if the task is missing or was stopped before."""
        return self._set_stopped(dataset, name, self.database.clock(), is_stopped=False)

    def resume(self, dataset: DatasetKey, name: str) -> bool:
        """Resume a task's requests; return False if it was not stopped."""
        return self._set_stopped(dataset, name, None, is_stopped=True)

    def _set_stopped(
        self, dataset: DatasetKey, name: str, at: float | None, *, is_stopped: bool
    ) -> bool:
        was = dataset_task.c.stopped_at
        query = sa.update(dataset_task).where(
            dataset_task.c.dataset == str(dataset),
            dataset_task.c.name == name,
            was.is_not(None) if is_stopped else was.is_(None),
        )
        with self.database.write() as connection:
            moved = connection.execute(query.values(stopped_at=at).returning(dataset_task.c.name))
            return bool(moved.all())

    def of(self, dataset: DatasetKey, *, stopped: bool = False) -> list[DatasetTask]:
        """Return the tasks of a dataset by name; with `stopped`, also the stopped ones."""
        return [found for found in self.all(stopped=stopped) if found.dataset == dataset]

    def all(self, *, stopped: bool = False) -> list[DatasetTask]:
        """Return the tasks of all datasets, by dataset and name; `stopped` as in `of`.

        A task whose model was shut down is a stopped one from that day on.
        """
        columns = (dataset_task.c.dataset, task.c.definition, dataset_task.c.use)
        query = (
            sa.select(*columns, dataset_task.c.stopped_at)
            .join(task, task.c.task_id == dataset_task.c.task_id)
            .order_by(dataset_task.c.dataset, dataset_task.c.name)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        today = datetime.fromtimestamp(self.database.clock(), UTC).date()
        found = []
        for name, definition, use, at in rows:
            its = GenerationTask(**definition)
            refusal = why_not(its.model, today)
            is_stopped = at is not None or refusal is not None
            found.append(DatasetTask(DatasetKey.parse(name), its, _use(use), is_stopped, refusal))
        return [one for one in found if stopped or not one.is_stopped]


def _key(dataset: DatasetKey, name: str) -> dict[str, str]:
    return {"dataset": str(dataset), "name": name}


def _pinned(definition: GenerationTask, use: TaskUse) -> dict[str, Any]:
    return {"task_id": definition.task_id, "use": asdict(use), "stopped_at": None}


def _use(stored: Mapping[str, Any]) -> TaskUse:
    return TaskUse(**{**stored, "vector_text": tuple(stored["vector_text"])})
