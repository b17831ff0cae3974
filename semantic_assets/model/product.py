"""The product of a batch job: vectors of an embedding space, or answers to a generation task."""

from semantic_assets.model.batch_job import JobKind
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import GenerationTask

#: Both have `product_id`, `model` and `backend`; `isinstance` tells them apart.
Product = EmbeddingSpace | GenerationTask


def kind_of(product: Product) -> JobKind:
    return product.kind if isinstance(product, GenerationTask) else JobKind.EMBEDDING
