"""Readers of source files into rows of `documents`, and ingestion of documents by a call."""
