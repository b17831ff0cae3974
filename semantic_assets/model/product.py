"""The product of a batch job: vectors of an embedding space, or answers to a generation task."""

from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import GenerationTask

#: What else differs is told by `pipeline.product_kinds`.
Product = EmbeddingSpace | GenerationTask
