"""The pipeline functions, grouped by what they make; each takes an open Store or a Gemini client.

A package may import only the packages above it in the list of tests/test_architecture.py.
"""
