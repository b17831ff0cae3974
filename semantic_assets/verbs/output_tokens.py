"""How many tokens answers of a task will have: reserved, quoted, and later reconciled."""

from semantic_assets.model.task import GenerationTask
from semantic_assets.store import Store


def expected_output_tokens(store: Store, task: GenerationTask, requests: int) -> int:
    """By what its answers had so far; before the first, as the task's file expects."""
    tokens, answered = store.ledger.jobs.output_tokens(task.space_id)
    each = tokens / answered if answered else _declared(store, task)
    return round(requests * min(each, task.max_output_tokens))


def _declared(store: Store, task: GenerationTask) -> int:
    uses = [pinned.use for pinned in store.ledger.tasks.all() if pinned.task == task]
    return max((use.expected_output_tokens for use in uses), default=256)
