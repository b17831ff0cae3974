"""The page of a map: it is served on loopback alone, and loads nothing from elsewhere."""
