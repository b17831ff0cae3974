"""What a search finds for a dataset's judged questions, mode by mode, and the weight learned of it."""
