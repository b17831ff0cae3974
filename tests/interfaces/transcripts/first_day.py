"""The first day: a folder comes in, is quoted, sent, and found."""

from tests.interfaces.transcripts.day import Day

TITLE = "A first day"
ORDER = 10

_TEXTS = {
    "dome.md": "# Dome\n\nThe slit of the dome is closed when the wind is above 15 m/s.\n",
    "lock.md": "# Lock\n\nThe lock is shut in frost, and opened when the ice has gone.\n",
    "sluice.md": "# Sluice\n\nThe sluice is opened at low water by the keeper alone.\n",
}


def play(day: Day) -> None:
    for name, text in _TEXTS.items():
        day.has(f"manuals/{name}", text)
    day.tells("A folder is copied below the sources and quoted. Nothing is sent yet.")
    day.types("semantic-assets add manuals --to acme/manuals", answers=["n"])
    day.types("semantic-assets estimate")
    day.tells("While it works, one line is drawn over and over; what stays is what came of it.")
    day.types("semantic-assets refresh")
    day.types("semantic-assets search 'When is the sluice opened?' -k 1")
    day.types("semantic-assets status")
    day.types("semantic-assets refresh")
