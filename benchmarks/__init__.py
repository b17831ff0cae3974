"""Benchmarks: quality and cost on real corpora, never part of the suite."""
