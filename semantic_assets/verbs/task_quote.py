"""What tasks would cost: requests nobody has in hand, their answers as they are expected."""

from collections.abc import Sequence
from dataclasses import dataclass

from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.shown import Shown
from semantic_assets.model.task import GenerationTask
from semantic_assets.store import Store
from semantic_assets.verbs.output_tokens import expected_output_tokens
from semantic_assets.verbs.pending import pending_texts
from semantic_assets.verbs.wanted import unsettled_shards, wanted_tasks

#: Estimates of prompts were within this of every count seen; answers are anybody's guess.
_INPUT_BAND, _OUTPUT_BAND = 0.25, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuote(Shown):
    """One task. Dollars are of the batch API unless they say real-time."""

    task: str
    model: str
    requests: int
    tokens: int
    output_tokens: int
    usd: float
    usd_low: float
    usd_high: float
    realtime_usd: float
    #: How often the model's window of enqueued tokens must be filled.
    window_fills: int


def quote_tasks(store: Store, datasets: Sequence[DatasetKey] = ()) -> list[TaskQuote]:
    """What is pending of the tasks of all datasets, or of these."""
    found = []
    for wanted in wanted_tasks(store):
        shards = [
            shard.key
            for shard, _ in unsettled_shards(store, wanted)
            if not datasets or shard.key.dataset in datasets
        ]
        pending = pending_texts(store, wanted.product, shards)
        if pending:
            found.append(quote_of(store, wanted.product, len(pending), sum(pending.values())))
    return found


def quote_of(store: Store, task: GenerationTask, requests: int, tokens: int) -> TaskQuote:
    """So many requests with so many tokens of prompt."""
    output = expected_output_tokens(store, task, requests)
    low = batch_usd(task.model, round(tokens * (1 - _INPUT_BAND)), round(output * _OUTPUT_BAND))
    most = min(round(output * (1 + _OUTPUT_BAND)), requests * task.max_output_tokens)
    return TaskQuote(
        task=task.name,
        model=task.model,
        requests=requests,
        tokens=tokens,
        output_tokens=output,
        usd=batch_usd(task.model, tokens, output),
        usd_low=low,
        usd_high=batch_usd(task.model, round(tokens * (1 + _INPUT_BAND)), most),
        realtime_usd=realtime_usd(task.model, tokens, output),
        window_fills=-(-tokens // store.settings.window_of(task.model)),
    )
