"""What there is to search, for who has not asked anything yet."""
