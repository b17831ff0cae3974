"""Read-only reports: status, counts, checks, SQL."""
