"""What a batch job makes: vectors of an embedding space, or answers to a generation task."""

from semantic_assets.model.batch_job import JobKind
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import GenerationTask

#: Both have `space_id`, `model` and `backend`; what else differs is told by `isinstance`.
Product = EmbeddingSpace | GenerationTask


def kind_of(product: Product) -> JobKind:
    return product.kind if isinstance(product, GenerationTask) else JobKind.EMBEDDING
