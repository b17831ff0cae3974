"""Vector indexes: a directory per generation, opened read-only, replaced by a pointer.

A generation is a list of parts, one for each shard: rows, vectors and, by backend, what finds
candidates among them. Part files never change, so the next generation links those of the shards
that did not change: an update costs what it changed.
"""
