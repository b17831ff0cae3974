"""Our errors as Dagster's Failure, which brings the remedy to the page of the run."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from semantic_assets.errors import DatasetRemoved, PermanentError, SemanticAssetsError
from semantic_assets.orchestration.reporting.remedies import remedy_of_error
from semantic_assets.text.foreign import visible


def failure(message: str, what_to_do: str, *, may_retry: bool = False) -> dg.Failure:
    """Return a failure whose message has the error and the remedy: ticks and logs show no more."""
    return dg.Failure(
        f"{visible(message)}\nWhat to do: {what_to_do}",
        metadata={"what_to_do": what_to_do},
        allow_retries=may_retry,
    )


@contextmanager
def with_remedy() -> Iterator[None]:
    """Raise errors of the block that have a remedy as failures that name it; pass on others.

    Raises:
        dagster.Failure: instead of an error of ours, or of the file system.
    """
    try:
        yield
    except DatasetRemoved:
        raise  # not a failure: the run that was queued for it has nothing to do
    except (SemanticAssetsError, OSError) as error:
        may_retry = not isinstance(error, PermanentError)
        raise failure(str(error), remedy_of_error(error), may_retry=may_retry) from error
