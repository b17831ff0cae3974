"""Ranked passages for questions, and the quality of the ranking."""
