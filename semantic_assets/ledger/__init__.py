"""The ledger: small transactional state of all processes, a row per job or shard, not per chunk."""
