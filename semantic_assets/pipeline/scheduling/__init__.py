"""The Dagster runs that are due."""
