"""Splitting documents into rows of `chunks`."""
