"""Dagster glue: partitions, assets, jobs, sensors. Each calls one verb; the verbs know no Dagster."""
