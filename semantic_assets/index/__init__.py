"""Vector indexes: a directory per generation, opened read-only, replaced by a pointer."""
