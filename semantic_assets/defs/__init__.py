"""The definitions that Dagster loads: each file here, by convention, and nothing else."""
