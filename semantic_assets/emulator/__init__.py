"""A local double of the Gemini Developer API batch surface, on real loopback HTTP.

Imports nothing from the rest of the package and has no side effects on import: the modules are
imported by their own names.
"""
