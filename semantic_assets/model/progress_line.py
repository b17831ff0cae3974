"""A line of progress that a terminal may draw as a bar."""

from typing import Self


class ProgressLine(str):
    """`3 of 10 texts answered`, with its numbers."""

    done: int
    total: int

    def __new__(cls, what: str, done: int, total: int) -> Self:
        made = super().__new__(cls, f"{done:,} of {total:,} {what}")
        made.done, made.total = done, total
        return made
