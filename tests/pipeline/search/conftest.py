"""A lake that the tests of this folder search and do not change."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pipeline.search.shelves import write_shelves
from tests.trial import Trial, opened_trial


@pytest.fixture(scope="package")
def shelves(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor
) -> Iterator[Trial]:
    """Manuals, notices and parts of a harbour; texts about the same things have vectors near by."""
    with opened_trial(tmp_path_factory.mktemp("shelves"), "hashed", background) as made:
        write_shelves(made)
        made.refresh()
        yield made
