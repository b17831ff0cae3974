"""Read-only: status, the bill, counts, checks, SQL."""
