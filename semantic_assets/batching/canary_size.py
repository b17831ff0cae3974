"""The number of a job's rows that are embedded again in real time to compare their vectors."""

#: With 3 rows of a job of 8, a swap of 4 went unseen once in fourteen times; 10 rows cost a
#: fraction of a cent and leave no swap unseen in small jobs.
MIN_CANARIES, MAX_CANARIES = 10, 100


def canary_rows(requests: int) -> int:
    """Return the number of rows to embed again: 1 %, at least 10, at most 100 or all."""
    return min(requests, MAX_CANARIES, max(MIN_CANARIES, requests // 100))
