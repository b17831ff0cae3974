"""Use cases, grouped by the noun they make: plain functions over an opened Store and a Gemini client.

A package may import only the packages that stand above it in the list of tests/test_architecture.py.
"""
