"""The nouns: names, states, schemas, prices. Values only: no I/O, no clock, no Dagster."""
