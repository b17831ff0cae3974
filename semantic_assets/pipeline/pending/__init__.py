"""The texts that still want an answer."""
