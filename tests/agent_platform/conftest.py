"""A lake whose jobs run on the Agent Platform, as the emulator serves it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.agent_platform.account import write_account
from tests.trial import Trial, on_the_agent_platform, opened_trial


@pytest.fixture
def platform(
    tmp_path: Path, background: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """Credentials are the file of an account, found by Google's own chain."""

    def backend(url: str) -> dict[str, str]:
        file = write_account(tmp_path / "account.json", url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        return on_the_agent_platform(url)

    with opened_trial(tmp_path, "computable", background, backend) as found:
        yield found
