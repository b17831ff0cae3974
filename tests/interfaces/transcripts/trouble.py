"""A day with trouble: a full window, a job that failed, an unreadable file, a cap, and Ctrl-C."""

from typing import Any

import httpx2

from semantic_assets.emulator.server import serve_in_thread
from tests.interfaces.transcripts.day import Day

TITLE = "A day with trouble"
ORDER = 20

_TEXT = "Number {}: the lock is shut in frost, and opened when the ice has gone. "


def play(day: Day) -> None:
    server = serve_in_thread(day.home / "emulator", tier=1, latency_seconds=0.2)
    day.environ["SEMANTIC_ASSETS_EMULATOR_URL"] = server.base_url
    try:
        _play(day, server.base_url)
    finally:
        server.stop()


def _play(day: Day, url: str) -> None:
    _write(day, 6)
    day.tells("A cap is lower than the quote: nothing is sent.")
    day.types("semantic-assets refresh --max-cost-usd 0.00000001", code=1)
    day.tells("The window has room for some of the texts: the others wait, which is no failure.")
    _arm(url, "stuck-pending", times=None, seconds=600.0)
    day.types(
        "export SEMANTIC_ASSETS_ENQUEUED_TOKENS=600; semantic-assets refresh --no-wait", code=4
    )
    day.environ["SEMANTIC_ASSETS_ENQUEUED_TOKENS"] = "600"
    day.types("semantic-assets status")
    day.tells("Whoever waits for it may stop at any time.")
    day.interrupts("semantic-assets refresh", once="room in the window")
    _disarm(url)
    httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": 900.0})
    day.tells("One job expired meanwhile, the next fails at Google. Their texts are sent again.")
    del day.environ["SEMANTIC_ASSETS_ENQUEUED_TOKENS"]
    _arm(url, "ends-failed")
    day.types("semantic-assets refresh")
    day.types("semantic-assets jobs")
    day.tells("A file cannot be read: what can be read is in search all the same.")
    day.has("data/sources/acme/manuals/scan.pdf", "%PDF-1.4 and no more")
    day.types("semantic-assets refresh", code=1)
    day.types("semantic-assets failures")


def _write(day: Day, count: int) -> None:
    for number in range(count):
        day.has(f"data/sources/acme/manuals/{number}.txt", _TEXT.format(number) * 12)


def _arm(url: str, fault: str, *, times: int | None = 1, **parameters: Any) -> None:
    body = {"name": fault, "parameters": parameters, "times": times}
    assert httpx2.post(f"{url}/emulator/faults", json=body).status_code == 200


def _disarm(url: str) -> None:
    httpx2.delete(f"{url}/emulator/faults")
