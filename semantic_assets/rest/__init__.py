"""The REST API of `semantic-assets serve`: requests to functions, errors to problems."""
