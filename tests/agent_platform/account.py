"""The file of an account of Google Cloud, whose tokens the emulator gives."""

import json
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write_account(file: Path, url: str) -> Path:
    """Write what GOOGLE_APPLICATION_CREDENTIALS may point to; `url` is the emulator's."""
    account = {
        "type": "service_account",
        "client_email": "tests@harbour.iam.gserviceaccount.com",
        "private_key": private_key(),
        "token_uri": f"{url}/token",
    }
    file.write_text(json.dumps(account))
    return file


@cache
def private_key() -> str:
    """Return a key of nobody's, made once."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*pem, serialization.NoEncryption()).decode()
