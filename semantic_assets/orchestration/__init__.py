"""The Dagster definitions; each calls one pipeline function, which knows no Dagster."""
