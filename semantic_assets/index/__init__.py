"""Vector indexes: a directory per version, opened read-only, replaced by a pointer.

An index version is a list of parts, one for each shard: rows, vectors and, by backend, what finds
candidates among them. Part files never change, so the next version links those of the shards
that did not change: an update costs what it changed.
"""
