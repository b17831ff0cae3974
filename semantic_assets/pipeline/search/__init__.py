"""Questions to ranked passages, and how good the ranking is."""
