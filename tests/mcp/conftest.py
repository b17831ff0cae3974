"""One lake of two projects for all tests of MCP: it is read, and nothing may change in it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mcp.agent_world import World, opened_world


@pytest.fixture(scope="session")
def world(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor
) -> Iterator[World]:
    with opened_world(tmp_path_factory.mktemp("mcp"), background) as found:
        yield found
