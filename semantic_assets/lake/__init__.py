"""The lake: partitioned Parquet under one root, replaced whole, read through DuckDB."""
