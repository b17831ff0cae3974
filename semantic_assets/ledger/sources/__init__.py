"""Source files as the ledger knows them: listed, split into slices, assigned to shards."""
