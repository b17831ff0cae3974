"""Pure functions over text: hashes and ids, token estimates, chunk boundaries."""
