"""Readers of formats whose text has marks of its own: each writes it as Markdown-like text."""
