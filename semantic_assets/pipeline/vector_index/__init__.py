"""The life of index versions: built, verified, switched to, kept, dropped."""
