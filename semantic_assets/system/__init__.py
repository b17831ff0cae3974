"""What the operating system is asked for: fsync, SQLite connections, the machine's id."""
