"""Operating system services: fsync, SQLite connections, the machine's id."""
