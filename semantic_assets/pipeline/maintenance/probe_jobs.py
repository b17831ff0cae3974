"""Jobs of a probe, of which the ledger keeps no row: waited for, and deleted with what they left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from semantic_assets.errors import GeminiUnavailable, SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import JobState, state_of_remote
from semantic_assets.store import Store

_POLL_SECONDS = 5.0


@dataclass(slots=True)
class Left:
    """What there is at the service of one job."""

    input_file: str | None = None
    remote_name: str | None = None
    result_file: str | None = None


@contextmanager
def forgotten(gemini: Gemini, name: str) -> Iterator[Left]:
    """Delete what the block notes down of the job of this display name, however it ends.

    What the service refuses to delete is left to `cleanup`. A job that runs is cancelled first: the
    Agent Platform deletes none that does.
    """
    left, batches = Left(), gemini.batches
    try:
        yield left
    finally:
        if left.result_file is not None:
            _tried(lambda file: batches.delete_answers(file, of=name), left.result_file)
        if left.remote_name is not None and not _tried(batches.delete_job, left.remote_name):
            _tried(batches.cancel, left.remote_name)
            _tried(batches.delete_job, left.remote_name)
        if left.input_file is not None:
            _tried(batches.delete_file, left.input_file)


def _tried(delete: Callable[[str], None], name: str) -> bool:
    with suppress(SemanticAssetsError):
        delete(name)
        return True
    return False


def ended(
    store: Store, gemini: Gemini, remote_name: str, sleep: Callable[[float], None]
) -> RemoteJob:
    """Wait until a job has ended, for as long as that takes."""
    while True:
        try:
            remote = gemini.batches.get(remote_name)
        except GeminiUnavailable as error:
            store.report_progress(f"probe: {error}")
        else:
            if state_of_remote(remote.state) == JobState.ENDED:
                return remote
            store.report_progress(f"probe: {remote.state}")
        sleep(_POLL_SECONDS)
