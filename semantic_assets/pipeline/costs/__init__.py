"""Quotes, budgets and the bill."""
