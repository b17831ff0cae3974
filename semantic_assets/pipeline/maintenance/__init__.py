"""Upkeep of a store: doctor, probe, cleanup, purge and migrate."""
