"""The life of a batch job, from plan to collected, and real-time jobs."""
