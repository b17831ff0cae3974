"""The life of a batch job, from planned to collected, and real-time jobs."""
