"""Paths of all files and folders below the lake's root."""

import re

from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.task import is_task

LEDGER_FILE = "ledger.sqlite3"
#: The ledger's id, so that a new ledger over this lake recognises its jobs at Google.
LEDGER_ID_FILE = "ledger_id"
#: Keys of the REST API; a lake may have them before its ledger.
API_KEYS_FILE = "api_keys.json"
#: The number of the ledger's last event, so that an older copy of the ledger is recognised.
LEDGER_EVENTS = "ledger_events"
#: Start of `ledger_id` in a lake that was moved away.
MOVED = "moved to"
#: Start of that file in a lake that a move has begun to fill.
FILLING = "being filled from ledger"
#: Local folders, which are made again if missing, and files that are in use there.
LOCAL = ("keys", "intake", "rest", "copies", "sources", "about", "downloads", LEDGER_FILE)


def _folder(product_id: str) -> str:
    """Return the folder of a product; a task's id is already marked as such."""
    return product_id if is_task(product_id) else f"space={product_id}"


def documents(shard: ShardKey) -> str:
    return f"documents/{shard.path}"


def documents_dir(dataset: DatasetKey) -> str:
    return f"documents/{dataset.path}"


def chunks(shard: ShardKey) -> str:
    return f"chunks/{shard.path}"


def chunks_dir(dataset: DatasetKey) -> str:
    return f"chunks/{dataset.path}"


def requests(task_id: str, shard: ShardKey) -> str:
    """Return the path of the table of a task's requests for a shard."""
    return f"requests/{task_id}/{shard.path}"


def outputs(task_id: str, shard: ShardKey) -> str:
    """Return the path of the table of a task's outputs for a shard."""
    return f"generations/{task_id}/{shard.path}"


def wanted(product_id: str, shard: ShardKey) -> str:
    """Return the path of the rows that need an answer: chunks of a space, requests of a task."""
    return f"{wanted_tables(product_id)}/{shard.path}"


def wanted_tables(product_id: str) -> str:
    """Return the folder these tables are in."""
    return f"requests/{product_id}" if is_task(product_id) else "chunks"


def answered(product_id: str, shard: ShardKey) -> str:
    """Return the path of the table with the outcomes of these rows."""
    return outputs(product_id, shard) if is_task(product_id) else embeddings(product_id, shard)


def embeddings(space_id: str, shard: ShardKey) -> str:
    return f"embeddings/space={space_id}/{shard.path}"


def embeddings_dir(space_id: str, dataset: DatasetKey) -> str:
    return embeddings(space_id, ShardKey(dataset, 0)).rpartition("/")[0]


def results_dir(product_id: str) -> str:
    return f"results/{_folder(product_id)}"


def results(product_id: str, job_id: str) -> str:
    return f"{results_dir(product_id)}/{job_id}.parquet"


def retries_dir(product_id: str) -> str:
    return f"retries/{_folder(product_id)}"


def manifest(job_id: str) -> str:
    return f"manifests/{job_id}.parquet"


def uploads(job_id: str) -> str:
    """Return the path of the list of media files uploaded for an open job, one per line."""
    return f"manifests/{job_id}.uploads"


def download(job_id: str) -> str:
    """Return the local path of the answers this machine has downloaded for an open job, decoded."""
    return f"downloads/{job_id}.parquet"


def download_note(job_id: str) -> str:
    """Return the local path of what a whole download is known by; without it the file is nothing."""
    return f"downloads/{job_id}.json"


def unsent(job_id: str) -> str:
    """Return the path of the list of an open job's texts that were left out of its file, and why."""
    return f"manifests/{job_id}.unsent"


def query_vectors(space_id: str) -> str:
    """Return the path of the judged questions' vectors, paid for once in each space."""
    return f"queries/space={space_id}.parquet"


def key_index(product_id: str) -> str:
    return f"keys/{_folder(product_id)}.sqlite3"


def index_dir(dataset: DatasetKey) -> str:
    return f"index/{dataset.project}/{dataset.dataset}"


def index_version(dataset: DatasetKey, space_id: str, number: int) -> str:
    return f"{index_dir(dataset)}/{space_id}/{number:06d}"


#: Folders of tables that amendments may amend: see `lake/layered_table.py`.
AMENDED = ("documents", "chunks", "embeddings")


def is_amended(path: str) -> bool:
    """Say whether a file is a table that amendments beside it may amend."""
    return path.partition("/")[0] in AMENDED


_AMENDMENT = re.compile(r"(.*)\.[0-9]{4}\.parquet")


def amended_by(path: str) -> str | None:
    """Return the table that an amendment amends; None: the path is no amendment's."""
    found = _AMENDMENT.fullmatch(path)
    return f"{found[1]}.parquet" if found and is_amended(path) else None


def amendment(path: str, number: int) -> str:
    """Return the path of a table's amendment; they are numbered from 1."""
    return f"{path.removesuffix('.parquet')}.{number:04d}.parquet"


#: Folders of tables that are made again from the sources, from each other and from results.
_REBUILT = ("documents", "chunks", "requests", "generations", "embeddings", "keys", "index")


def is_rebuilt(path: str) -> bool:
    """Say whether a file can be made again at no cost."""
    return path.partition("/")[0] in _REBUILT


def is_results(path: str) -> bool:
    """Say whether a file holds answers that were paid for."""
    return path.startswith("results/")


def job_of_results(path: str) -> str:
    """Return the job of a results file; a part of a real-time job is `<job>.<n>.parquet`."""
    return path.rpartition("/")[2].partition(".")[0]


def remedy(path: str) -> str:
    """Say what to run when a file is broken."""
    if is_rebuilt(path):
        return "`semantic-assets refresh` makes it again at no cost"
    if is_results(path):
        return (
            f"`semantic-assets resolve {job_of_results(path)} --restore`, if need be after putting "
            "the file back from a backup; or `--resubmit` pays for its texts again"
        )
    return "put it back from a backup"
