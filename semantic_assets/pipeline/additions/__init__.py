"""Copies of a person's files below the sources: where they go, what they are, how they are read."""
