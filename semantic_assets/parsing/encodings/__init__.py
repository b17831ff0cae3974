"""Legacy encodings: which one a text is in, and what is done about damage."""
