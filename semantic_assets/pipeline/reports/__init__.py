"""Read-only: status, counts, checks, SQL."""
