"""The expected output tokens of a task's answers: reserved, quoted, and later reconciled."""

from semantic_assets.model.task import GenerationTask, TaskUse
from semantic_assets.store import Store


def expected_output_tokens(
    store: Store,
    task: GenerationTask,
    requests: int,
    use: TaskUse | None = None,
    *,
    is_learned: bool = True,
) -> int:
    """Return the output tokens expected of these requests.

    The mean of the task's answers so far counts; before the first, the value of its file.

    Args:
        use: the use of a task that is not pinned yet.
        is_learned: False: by the value of its file alone.
    """
    tokens, answered = store.ledger.job_totals.output_tokens(task.task_id)
    declared = _declared(store, task) if use is None else use.expected_output_tokens
    each = tokens / answered if answered and is_learned else declared
    return round(requests * min(each, task.max_output_tokens))


def _declared(store: Store, task: GenerationTask) -> int:
    uses = [pinned.use for pinned in store.ledger.tasks.all(stopped=True) if pinned.task == task]
    return max((use.expected_output_tokens for use in uses), default=256)
