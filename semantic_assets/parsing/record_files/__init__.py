"""Readers of files of records: JSON, lines of JSON, CSV and Parquet."""
