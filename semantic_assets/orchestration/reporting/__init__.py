"""What Dagster shows of a run: metadata, samples, checks with their remedies, pictures."""
