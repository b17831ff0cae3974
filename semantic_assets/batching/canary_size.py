"""How many rows of a job are embedded again in real time to compare their vectors."""

#: With 3 rows of a job of 8, a swap of 4 went unseen once in fourteen times; 10 rows cost a
#: fraction of a cent and leave nothing unseen in small jobs.
MIN_CANARIES, MAX_CANARIES = 10, 100


def canary_rows(requests: int) -> int:
    """Return how many rows of a job are embedded again: 10, or 1 %, and never more than one call takes."""
    return min(requests, MAX_CANARIES, max(MIN_CANARIES, requests // 100))
