"""An S3 server of the session's own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from semantic_assets.objects.bucket import Bucket
from semantic_assets.objects.copies import Copies
from tests.services.s3 import S3Server, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Another prefix for each test."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return Bucket(s3.url(f"t{uuid4().hex}"))


@pytest.fixture
def copies(bucket: Bucket, tmp_path: Path) -> Copies:
    return Copies(bucket, tmp_path / "copies")
