"""The routes of the REST API, by the noun they are about."""
