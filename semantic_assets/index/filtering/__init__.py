"""Conditions on the rows of an index, and the search among those that meet them."""
