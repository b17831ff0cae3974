"""Readers that turn one open source file into documents; they do not list, store or chunk."""
