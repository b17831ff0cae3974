"""A lake whose jobs run on the Agent Platform, as the emulator serves it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.trial import Trial, on_the_agent_platform, opened_trial


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*pem, serialization.NoEncryption()).decode()


@pytest.fixture
def platform(
    tmp_path: Path,
    background: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    private_key: str,
) -> Iterator[Trial]:
    """Credentials are the file of an account, found by Google's own chain."""

    def backend(url: str) -> dict[str, str]:
        account = {
            "type": "service_account",
            "client_email": "tests@harbour.iam.gserviceaccount.com",
            "private_key": private_key,
            "token_uri": f"{url}/token",
        }
        file = tmp_path / "account.json"
        file.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        return on_the_agent_platform(url)

    with opened_trial(tmp_path, "computable", background, backend) as found:
        yield found
