"""Where everything lies under the lake's root."""

from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.task import is_task

LEDGER_FILE = "ledger.sqlite3"
#: The ledger's id, so that one made anew over this lake recognises its jobs at Google.
LEDGER_ID_FILE = "ledger_id"
#: What that file begins with in a lake that was left behind.
MOVED = "moved to"
#: And in one that a move has begun to fill.
FILLING = "being filled from ledger"
#: Folders of this machine, made again where they are missing, and what is in use there.
LOCAL = ("keys", "intake", "rest", "copies", "sources", "about", LEDGER_FILE)


def _folder(product_id: str) -> str:
    """Of an embedding space; a task's id says itself what it is."""
    return product_id if is_task(product_id) else f"space={product_id}"


def documents(shard: ShardKey) -> str:
    return f"documents/{shard.path}"


def chunks(shard: ShardKey) -> str:
    return f"chunks/{shard.path}"


def requests(task_id: str, shard: ShardKey) -> str:
    """What a task asks of the documents of a shard."""
    return f"requests/{task_id}/{shard.path}"


def outputs(task_id: str, shard: ShardKey) -> str:
    """What came of it."""
    return f"generations/{task_id}/{shard.path}"


def wanted(product_id: str, shard: ShardKey) -> str:
    """The table whose rows want an answer: chunks a vector, requests an output."""
    return f"{wanted_tables(product_id)}/{shard.path}"


def wanted_tables(product_id: str) -> str:
    """Return the folder these tables are in."""
    return f"requests/{product_id}" if is_task(product_id) else "chunks"


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
    """Names of the media files uploaded for a job, a line each, while the job is open."""
    return f"manifests/{job_id}.uploads"


def query_vectors(space_id: str) -> str:
    """Vectors of judged questions: paid for once in each space."""
    return f"queries/space={space_id}.parquet"


def key_index(product_id: str) -> str:
    return f"keys/{_folder(product_id)}.sqlite3"


def index_dir(dataset: DatasetKey) -> str:
    return f"index/{dataset.project}/{dataset.dataset}"


def index_version(dataset: DatasetKey, space_id: str, number: int) -> str:
    return f"{index_dir(dataset)}/{space_id}/{number:06d}"
