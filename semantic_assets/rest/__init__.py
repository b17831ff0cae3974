"""The REST door: requests to verbs, errors to problems. `semantic-assets serve` runs it."""
