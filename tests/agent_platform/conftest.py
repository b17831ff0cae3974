"""A lake whose jobs run on the Agent Platform, as the emulator serves it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.trial import Trial, on_the_agent_platform, opened_trial


@pytest.fixture
def platform(
    tmp_path: Path, background: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """Credentials come from the emulator's metadata server, by Google's own chain."""

    def backend(url: str) -> dict[str, str]:
        host = url.removeprefix("http://")
        monkeypatch.setenv("GCE_METADATA_HOST", host)
        monkeypatch.setenv("GCE_METADATA_IP", host)
        return on_the_agent_platform(url)

    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # nobody's own credentials
    assert "GOOGLE_CLOUD_PROJECT" not in os.environ
    with opened_trial(tmp_path, "computable", background, backend) as found:
        yield found
