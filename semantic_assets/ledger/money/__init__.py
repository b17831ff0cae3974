"""What jobs and calls cost: sums by kind and backend, and what a move of a row books."""
