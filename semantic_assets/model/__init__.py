"""Names, states, schemas and prices. Values only: no I/O, no clock, no Dagster."""
