"""Six identifiers among texts that mean nearly the same: they differ in the identifier alone."""

import json
from pathlib import Path

from semantic_assets.model.keys import DatasetKey

DATASET = DatasetKey("bench", "identifiers")
#: The question, and the identifier that its document has.
QUESTIONS = {
    "what does E-1042 mean": "E-1042",
    "replace part 7731-B4": "7731-B4",
    "retry_backoff_ms default": "retry_backoff_ms",
    "CVE-2031-20417 fixed in": "CVE-2031-20417",
    "firmware v4.12.3 notes": "v4.12.3",
    "which valve is XV-330A": "XV-330A",
}
_LIKE = {
    "Error {} is raised when the pressure in the feed line falls below its limit for ten seconds.": [
        *(f"E-{number}" for number in range(1030, 1055)),
    ],
    "Spare part {} fits the second stage of the pump and is delivered with its two seals.": [
        f"77{number}-B{digit}" for number in range(29, 34) for digit in range(2, 7)
    ],
    "The setting {} bounds how long a client waits before it tries a call again.": [
        f"{verb}_{noun}_ms"
        for verb in ("retry", "poll", "close", "connect", "drain")
        for noun in ("backoff", "timeout", "delay", "grace", "jitter")
    ],
    "The weakness {} let a user read files of others; the release of the next day mends it.": [
        *(f"CVE-2031-{number}" for number in range(20405, 20430)),
    ],
    "Firmware {} makes the start of the controller faster and mends its clock.": [
        f"v4.{minor}.{patch}" for minor in range(10, 15) for patch in range(5)
    ],
    "Valve {} shuts the return line when the tank is full, and opens it by hand.": [
        f"XV-{number}{letter}" for number in range(310, 360, 10) for letter in "ABCDE"
    ],
}


def write_identifiers(file: Path) -> Path:
    """Write a document for each identifier."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lines:
        for form, names in _LIKE.items():
            for name in names:
                lines.write(json.dumps({"id": name, "text": form.format(name)}) + "\n")
    return file
