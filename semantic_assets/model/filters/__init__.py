"""Filters as people write them, and what their values mean."""
