"""Markdown: the front matter of a document, and the heading that names it."""
