"""The ledger: small transactional state all processes share. A row per job or shard, never per chunk."""
