"""A shard's embeddings are written though others merge the parts of a real-time job meanwhile."""

from typing import Any

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.product import Product
from semantic_assets.pipeline.batch_jobs.realtime import answer_now
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.pending.pending import ShardDemand, shard_demand
from tests.trial import Trial


def test_rows_of_parts_that_were_merged_are_looked_up_again(trial: Trial) -> None:
    for number in range(101):  # one more than a call takes
        trial.write(f"acme/manuals/{number}.txt", f"Text {number} of the manuals.")
    trial.prepare()
    [shard] = trial.store.ledger.sources.shards()
    space: Product = trial.store.decide_space(shard.key.dataset)
    derived: list[ShardDemand] = []

    class Looking(Gemini):
        def embed_documents(self, *arguments: Any) -> Any:
            derived.append(shard_demand(trial.store, shard.key, space))
            return super().embed_documents(*arguments)

    answer_now(trial.store, Looking(trial.gemini.endpoint), space, shard.key)
    assert derived[-1].known.is_answered.sum() == 100  # in a part that is no more
    assert assemble(trial.store, shard.key, demand=derived[-1]).ready == 101
