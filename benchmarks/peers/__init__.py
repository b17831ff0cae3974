"""Ingest of the same articles by what else one might pick, each in an environment of its own."""
