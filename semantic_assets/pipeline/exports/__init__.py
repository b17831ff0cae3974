"""Exports: the rows of the serving version as one flat table for other programs, and as a map.

A target remembers which state of each shard it holds, so the next export writes what changed.
"""
