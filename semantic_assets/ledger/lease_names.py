"""Names of leases: one place for each, so that two processes mean the same one."""

from semantic_assets.model.keys import DatasetKey, ShardKey

#: Held from deriving what is pending to the manifest of a job; never over a network call.
PLAN = "plan"
#: Held by whoever advances all jobs in the background: a second one would only ask Google again.
ADVANCE = "advance"
#: Held while the records of new files are counted: a second process would count the same.
COUNT = "count"
#: Held while a lake moves to another place.
MIGRATE = "migrate"


def of_job(job_id: str) -> str:
    """Return the lease of whoever moves a job on."""
    return f"job:{job_id}"


def of_shard(shard: ShardKey) -> str:
    """Return the lease of whoever writes the tables of a shard."""
    return f"shard:{shard}"


def of_index(dataset: DatasetKey) -> str:
    """Return the lease of whoever builds or switches the index of a dataset."""
    return f"index:{dataset}"


def of_discovery(dataset: DatasetKey) -> str:
    """Return the lease of whoever lists a dataset's sources, or removes the dataset."""
    return f"discover:{dataset}"


def of_queries(space_id: str) -> str:
    """Return the lease of whoever adds to the kept question vectors of a space."""
    return f"queries:{space_id}"
