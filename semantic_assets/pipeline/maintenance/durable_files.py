"""Read every durable file of the lake and compare it with what the ledger knows of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.lake_files.paid_files import PaidFile
from semantic_assets.model.wording import ProgressLine
from semantic_assets.pipeline.pending.broken_files import (
    paid_file,
    require_intact,
    require_readable,
)
from semantic_assets.store import Store

#: So many lines of progress are told.
_STEPS = 20
_FOLDERS = ("results", "manifests", "retries", "queries")
#: What nothing but a backup or another payment brings back.
_MANIFEST = "put it back from a backup, or `semantic-assets resolve {} --abandon`"
_REMEDIES = {
    "retries": "put it back from a backup, or `semantic-assets retry --errors-only` again",
    "queries": "`semantic-assets quality` embeds the judged questions again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableFile:
    """One durable file that is not as it was written."""

    path: str
    found: str
    #: What to run.
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepCheck:
    files: int
    bytes: int
    broken: tuple[DurableFile, ...]
    #: Files that count since before digests were kept, and the digests recorded for them now.
    without_digest: int
    recorded: int


def check_durable(store: Store, *, record: bool = False) -> DeepCheck:
    """Read all durable files; write nothing, unless `record`.

    Args:
        record: record the digest of whole files that have none yet, as they are now.
    """
    known = store.ledger.paid.below()
    sizes = {path: size for folder in _FOLDERS for path, size in store.lake.below(folder)}
    paths, done = sorted(sizes.keys() | known.keys()), 0
    total = max(1, sum(sizes.values()))
    broken, new = list[DurableFile](), list[str]()
    for path in paths:
        found = _checked(store, path)
        broken += found
        if not found and layout.is_results(path) and path not in known:
            new.append(path)
        before, done = done, done + sizes.get(path, 0)
        if done * _STEPS // total > before * _STEPS // total:
            store.report_progress(ProgressLine("bytes read", done, total))
    recorded = [_recorded(store, path) for path in new] if record else []
    return DeepCheck(
        files=len(paths),
        bytes=done,
        broken=tuple(broken),
        without_digest=len(new) - len(recorded),
        recorded=len(recorded),
    )


def _recorded(store: Store, path: str) -> PaidFile:
    file = paid_file(store, path)
    store.ledger.paid.record(file)
    return file


def _checked(store: Store, path: str) -> list[DurableFile]:
    try:
        _read(store, path)
    except BrokenFile as error:
        return [DurableFile(path=path, found=error.why, remedy=_remedy(path))]
    except FileNotFoundError:
        return []  # deleted meanwhile, by who may
    return []


def _read(store: Store, path: str) -> None:
    if layout.is_results(path):
        require_intact(store, path)
    if path.endswith(".parquet"):
        require_readable(store, path)
    if path.startswith("manifests/") and path.endswith(".parquet"):
        job_id = layout.job_of_results(path)
        if manifest_keys(store.lake, job_id) is None:
            raise BrokenFile(path, path=path, why="it is the manifest of another job")


def _remedy(path: str) -> str:
    folder, job_id = path.partition("/")[0], layout.job_of_results(path)
    if folder == "manifests":
        return _MANIFEST.format(job_id)
    return _REMEDIES.get(folder) or layout.remedy(path)


def damaged_at_a_glance(store: Store) -> Iterator[DurableFile]:
    """Yield the paid files that are missing or of another size; none is read."""
    known = store.ledger.paid.below("results/")
    sizes = dict(store.lake.below("results"))
    for path, file in known.items():
        if sizes.get(path) != file.size:
            found = f"{sizes[path]} bytes of {file.size}" if path in sizes else "it is missing"
            yield DurableFile(path=path, found=found, remedy=layout.remedy(path))
