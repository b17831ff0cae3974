"""A web page cannot move the emulator's clock, nor read a text by rebinding its own name."""

import http.client
from urllib.parse import urlsplit

import pytest

from semantic_assets.emulator.server import RunningServer

ROUTES = (
    *(("GET", "/emulator/clock"), ("POST", "/emulator/clock"), ("GET", "/emulator/state")),
    *(("GET", "/emulator/jobs/x/texts"), ("GET", "/emulator/bill"), ("DELETE", "/emulator/faults")),
    *(("POST", "/emulator/faults"), ("GET", "/v1beta/files"), ("POST", "/upload/v1beta/files")),
)


def _status(emulator: RunningServer, method: str, path: str, **headers: str) -> int:
    place = urlsplit(emulator.base_url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"x-goog-api-key": "k", **named})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8100"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_pages_and_names_of_others_are_refused(
    emulator: RunningServer, headers: dict[str, str]
) -> None:
    for method, path in ROUTES:
        assert _status(emulator, method, path, **headers) == 403, (method, path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8100", "[::1]:8100", "LOCALHOST"])
def test_this_machine_is_answered_by_all_its_names(emulator: RunningServer, host: str) -> None:
    assert _status(emulator, "GET", "/emulator/clock", Host=host) == 200
    own = {"Host": host, "Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
    assert _status(emulator, "GET", "/emulator/clock", **own) == 200
