"""Which Dagster runs are due."""
