"""Embedding spaces: two vectors compare only if they are in the same space."""

import hashlib
from dataclasses import dataclass
from typing import Self

from semantic_assets.errors import ConfigError
from semantic_assets.model.batch_job import JobKind
from semantic_assets.model.catalog import embedding_model


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """Backend, model, dimensions, task types, normalisation and text template, as one identity."""

    backend: str
    model: str
    dimensions: int
    document_task: str | None
    query_task: str | None
    document_template: str
    query_template: str
    #: True where the model leaves vectors unnormalised and we divide by the L2 norm ourselves.
    normalise: bool
    # Without an annotation: no part of the identity.
    kind = JobKind.EMBEDDING
    #: Chunks may not be cut yet, because answers they stand with are out.
    waits_for_answers = True
    wanted_columns = ("text_hash", "token_estimate")

    @classmethod
    def of(cls, *, backend: str, model: str, dimensions: int) -> Self:
        """Return the one space this package uses for a model and a number of dimensions.

        Raises:
            ConfigError: the model is unknown or retired, or the size is out of its range.
        """
        spec = embedding_model(model)
        if not spec.min_dimensions <= dimensions <= spec.max_dimensions:
            raise ConfigError(
                f"{model} has {spec.min_dimensions} to {spec.max_dimensions} dimensions, not {dimensions}"
            )
        return cls(
            backend=backend,
            model=model,
            dimensions=dimensions,
            document_task=spec.document_task,
            query_task=spec.query_task,
            document_template=spec.document_template,
            query_template=spec.query_template,
            normalise=dimensions < spec.normalised_from,
        )

    @property
    def space_id(self) -> str:
        """The readable, unique id, safe in a path: `gemini-embedding-001-768-1a2b3c4d`."""
        identity = repr(
            (
                self.backend,
                self.model,
                self.dimensions,
                self.document_task,
                self.query_task,
                self.document_template,
                self.query_template,
                self.normalise,
            )
        )
        digest = hashlib.blake2b(identity.encode(), digest_size=4).hexdigest()
        return f"{self.model}-{self.dimensions}-{digest}"

    @property
    def product_id(self) -> str:
        """The id that jobs and folders of results carry."""
        return self.space_id

    def document_text(self, vector_text: str) -> str:
        """Return the text sent for a chunk: its space-neutral text in the space's template."""
        return self.document_template.replace("{text}", vector_text)

    def query_text(self, query: str) -> str:
        return self.query_template.replace("{text}", query)
