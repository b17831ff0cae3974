"""Readers of archives, each of whose members is a document or a file of records."""
