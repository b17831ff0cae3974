"""The functions that the interfaces call to run a generation task."""
