"""Results projected onto chunks as rows of `embeddings`."""
