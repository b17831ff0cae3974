"""Readers that turn one opened source file into documents; nothing here lists, stores or chunks."""
