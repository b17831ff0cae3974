"""Keep what stops one dataset apart: the others go on, and it is told at the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from semantic_assets.errors import DatasetRemoved, SemanticAssetsError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

#: Errors of the operating system that are about one file or folder. A full disk stops everything.
_OF_ONE_PLACE = (
    PermissionError,
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
)
#: What stopped each dataset, the last time it was worked on.
Troubles = dict[DatasetKey, SemanticAssetsError | OSError]


@contextmanager
def kept_apart(store: Store, dataset: DatasetKey, troubles: Troubles) -> Iterator[None]:
    """Note an error of a dataset and report it; one that was removed meanwhile is passed over."""
    try:
        yield
    except DatasetRemoved as error:
        store.report_progress(f"skipped: {error}")
    except (SemanticAssetsError, *_OF_ONE_PLACE) as error:
        troubles[dataset] = error
        store.report_progress(f"{dataset}: {error}")


def told(troubles: Mapping[DatasetKey, Exception]) -> dict[str, str]:
    """Return the troubles in words, by dataset."""
    return {str(dataset): str(error) for dataset, error in sorted(troubles.items())}
