"""Which texts still want an answer."""
