"""Tables of the ledger. Times are seconds since the epoch, UTC."""

import sqlalchemy as sa

metadata = sa.MetaData()
#: Sorted by bytes, as SQLite and Python do, whatever the locale of the database is.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")

#: ledger_id, schema_version, backend.
meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("value", TEXT, nullable=False),
)

dataset = sa.Table(
    "dataset",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("created_at", sa.Float, nullable=False),
    #: Set with the pointer to the serving generation; target_space during a reindex.
    sa.Column("serving_space", TEXT),
    sa.Column("target_space", TEXT),
    #: Its dataset.toml as last listed; null: it has none.
    sa.Column("settings", sa.JSON(none_as_null=True)),
    #: Since when listings find no file of it; null: they do.
    sa.Column("missing_since", sa.Float),
    #: Removed datasets keep their row and their slices: who comes back is placed as before.
    sa.Column("removed_at", sa.Float),
    #: Its tables and index are deleted too.
    sa.Column("cleared_at", sa.Float),
    #: Removed by hand: files that are still there, or come back, bring it back on request only.
    sa.Column("is_kept_out", sa.Boolean),
)

shard = sa.Table(
    "shard",
    metadata,
    sa.Column("shard", TEXT, primary_key=True),
    sa.Column("dataset", TEXT, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("text_bytes", sa.BigInteger, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    #: Grows with each listing that changed what the shard reads, and what was read last:
    #: "<revision>:<reader>". A hint for the sensor: whoever reads compares the inputs themselves.
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    sa.Column("read_as", TEXT),
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: Hints for order and display; the planner derives exactly. Of spaces and of generation tasks.
shard_space = sa.Table(
    "shard_space",
    metadata,
    sa.Column("shard", TEXT, primary_key=True),
    sa.Column("space_id", TEXT, key="product_id", primary_key=True),
    sa.Column("pending", sa.Integer),
    #: The chunks `pending` was counted for.
    sa.Column("counted_fingerprint", TEXT),
    sa.Column("settled_fingerprint", TEXT),
)

#: Which records of which file belong to which shard. end_record is null: to the end of the file.
source_slice = sa.Table(
    "source_slice",
    metadata,
    sa.Column("slice_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("dataset", TEXT, nullable=False, index=True),
    sa.Column("uri", TEXT, nullable=False),
    sa.Column("shard", TEXT, nullable=False, index=True),
    sa.Column("first_record", sa.Integer, nullable=False),
    sa.Column("end_record", sa.Integer),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("file_fingerprint", TEXT, nullable=False),
    #: Its documents have been in the shard's table: from then on it stays in that shard.
    sa.Column("is_read", sa.Boolean, nullable=False),
    sa.Column("removed_at", sa.Float),
    #: The file's fingerprint when it was last read; null: never, or it changed meanwhile.
    sa.Column("read_fingerprint", TEXT),
    #: What the last reading found out of the file, so that the next one can begin where it grew.
    sa.Column("reading", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("dataset", "uri", "first_record"),
)

#: What each table file of the lake must contain to be trusted.
table_file = sa.Table(
    "table_file",
    metadata,
    sa.Column("path", TEXT, primary_key=True),
    sa.Column("fingerprint", TEXT, nullable=False),
    sa.Column("input_fingerprint", TEXT, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: The highest fence wins; rows are never deleted while a fence of theirs may still be in use.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("holder", TEXT, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("job_id", TEXT, primary_key=True),
    sa.Column("kind", TEXT, nullable=False),
    #: The embedding space, or the generation task, the answers belong to.
    sa.Column("space_id", TEXT, key="product_id", nullable=False),
    sa.Column("scope_id", TEXT, nullable=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False, index=True),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("display_name", TEXT, nullable=False, unique=True),
    sa.Column("remote_name", TEXT, unique=True),
    sa.Column("remote_state", TEXT),
    sa.Column("shards", sa.JSON, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("tokens_estimated", sa.BigInteger, nullable=False),
    sa.Column("tokens_actual", sa.BigInteger),
    sa.Column("succeeded", sa.Integer),
    sa.Column("failed", sa.Integer),
    sa.Column("input_file", TEXT),
    sa.Column("result_file", TEXT),
    sa.Column("error_message", TEXT),
    sa.Column("is_realtime", sa.Boolean, nullable=False),
    sa.Column("cancel_requested_at", sa.Float),
    sa.Column("absent_listings", sa.Integer, nullable=False),
    sa.Column("absent_since", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
    sa.Column("submitted_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    #: Of generation jobs; as expected when the job was formed, and as billed.
    sa.Column("output_tokens_estimated", sa.BigInteger),
    sa.Column("output_tokens_actual", sa.BigInteger),
)

#: What a space_id stands for: jobs outlive a change of the settings.
space = sa.Table(
    "space",
    metadata,
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("definition", sa.JSON, nullable=False),
)

#: What a task's id stands for: jobs outlive a change of its file.
task = sa.Table(
    "task",
    metadata,
    sa.Column("task_id", TEXT, primary_key=True),
    sa.Column("definition", sa.JSON, nullable=False),
)

#: Which tasks a dataset is processed by, and what it does with their answers.
dataset_task = sa.Table(
    "dataset_task",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("task_id", TEXT, nullable=False),
    sa.Column("use", sa.JSON, nullable=False),
    #: From then on no more documents are asked; the answers that are there stay in use.
    sa.Column("stopped_at", sa.Float),
)

#: Every move, appended in the transaction that made it.
job_event = sa.Table(
    "job_event",
    metadata,
    sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", TEXT, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("from_state", TEXT),
    sa.Column("to_state", TEXT, nullable=False),
    sa.Column("detail", TEXT),
)

#: One backend, base URL and key (as a keyed hash): the world a remote name is valid in.
scope = sa.Table(
    "scope",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("backend", TEXT, nullable=False),
    sa.Column("base_url", TEXT, nullable=False),
    sa.Column("paused_until", sa.Float),
    sa.Column("pause_seconds", sa.Float),
    sa.Column("pause_reason", TEXT),
    sa.Column("names_seen_at", sa.Float),
    #: When a probe passed; null: never. probe_findings: [[name, holds, detail], ...].
    sa.Column("probed_at", sa.Float),
    sa.Column("probe_findings", sa.JSON),
)

#: What 429s taught of a model's window of enqueued tokens.
scope_window = sa.Table(
    "scope_window",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)

#: Models that a scope refuses, or whose per-minute or per-day limit is reached.
model_pause = sa.Table(
    "model_pause",
    metadata,
    sa.Column("scope_id", TEXT, primary_key=True),
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
)

#: kind: estimated (reserved at submission), actual, realtime, possibly_billed.
spend = sa.Table(
    "spend",
    metadata,
    sa.Column("spend_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("job_id", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("usd", sa.Float, nullable=False),
    sa.UniqueConstraint("job_id", "kind"),
)

#: state: building, serving, retired. One serving row per dataset: the pointer search follows.
index_version = sa.Table(
    "generation",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("input_fingerprint", TEXT, nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("backend", TEXT, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    #: When it was last switched to; null: never.
    sa.Column("served_at", sa.Float),
    #: Chosen by hand instead of an index of these embeddings: no build by itself undoes that.
    sa.Column("held_for", TEXT),
)

#: How good an index generation answers its dataset's judged questions; means over them.
evaluation = sa.Table(
    "evaluation",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("generation", sa.Integer, key="version", primary_key=True),
    sa.Column("judgements", TEXT, nullable=False),
    sa.Column("queries", sa.Integer, nullable=False),
    sa.Column("ndcg_at_10", sa.Float, nullable=False),
    sa.Column("recall_at_10", sa.Float, nullable=False),
    sa.Column("mrr", sa.Float, nullable=False),
    sa.Column("evaluated_at", sa.Float, nullable=False),
)

#: What the sensor last asked a run for, and what the last successful run was of.
run_request = sa.Table(
    "run_request",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("fingerprint", TEXT),
    sa.Column("attempt", sa.Integer, nullable=False),
    #: How often a run was asked for under this name, ever.
    sa.Column("asked", sa.Integer, nullable=False, default=0),
    sa.Column("requested_at", sa.Float, nullable=False),
    sa.Column("done_fingerprint", TEXT),
)
