"""doctor, probe, cleanup, purge, migrate."""
