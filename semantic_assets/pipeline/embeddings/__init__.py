"""Projection of results onto chunks, as rows of `embeddings`."""
