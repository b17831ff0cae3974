"""Faults that can be armed, and what each does to a call, a job or an answer."""
