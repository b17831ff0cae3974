"""Index versions: built, verified, switched to, kept, dropped."""
