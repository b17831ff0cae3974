"""Readers of foreign files in child processes with limits; no reader's own code is here."""
