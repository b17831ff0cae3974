"""Where everything lies under the lake's root."""

from semantic_assets.model.keys import DatasetKey, ShardKey

LEDGER_FILE = "ledger.sqlite3"
#: The ledger's id, so that one made anew over this lake recognises its jobs at Google.
LEDGER_ID_FILE = "ledger_id"


def documents(shard: ShardKey) -> str:
    return f"documents/{shard.path}"


def chunks(shard: ShardKey) -> str:
    return f"chunks/{shard.path}"


def embeddings(space_id: str, shard: ShardKey) -> str:
    return f"embeddings/space={space_id}/{shard.path}"


def results_dir(space_id: str) -> str:
    return f"results/space={space_id}"


def results(space_id: str, job_id: str) -> str:
    return f"{results_dir(space_id)}/{job_id}.parquet"


def retries_dir(space_id: str) -> str:
    return f"retries/space={space_id}"


def manifest(job_id: str) -> str:
    return f"manifests/{job_id}.parquet"


def query_vectors(space_id: str) -> str:
    """Vectors of judged questions: paid for once in each space."""
    return f"queries/space={space_id}.parquet"


def key_index(space_id: str) -> str:
    return f"keys/space={space_id}.sqlite3"


def index_dir(dataset: DatasetKey) -> str:
    return f"index/{dataset.project}/{dataset.dataset}"


def generation(dataset: DatasetKey, space_id: str, number: int) -> str:
    return f"{index_dir(dataset)}/{space_id}/{number:06d}"
