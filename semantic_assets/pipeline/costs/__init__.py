"""Quotes and budgets."""
