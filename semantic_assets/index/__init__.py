"""Vector indexes: a directory per version, opened read-only, replaced by a pointer.

An index version is a list of parts, one for each shard: rows, vectors and, for some backends,
codes to find candidates. Part files never change, so the next version links those of the
unchanged shards: the cost of an update follows the changes.
"""
