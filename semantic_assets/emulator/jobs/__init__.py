"""Batch jobs of the emulator: their inputs, their state by the clock, their results."""
