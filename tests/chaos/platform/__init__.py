"""What chaos through the Agent Platform has of its own: limits, faults, scenarios, safeguards."""
