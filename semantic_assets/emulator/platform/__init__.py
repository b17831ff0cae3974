"""The Agent Platform: batch prediction jobs of a project, over objects in a bucket."""
