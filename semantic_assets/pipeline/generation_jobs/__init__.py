"""What the interfaces call to run a generation task."""
