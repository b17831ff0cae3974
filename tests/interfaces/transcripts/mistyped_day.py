"""A day on which every line is mistyped once: what is said, and that nothing came of it."""

from tests.interfaces.transcripts.day import Day

TITLE = "A mistyped day"
ORDER = 30


def play(day: Day) -> None:
    day.has("notes/sluice.md", "# Sluice\n\nThe sluice is opened at low water.\n")
    day.types("semantic-assets staus", code=2)
