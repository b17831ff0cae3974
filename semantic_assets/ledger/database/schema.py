"""The tables of the ledger. Times are seconds since the epoch, UTC."""

import sqlalchemy as sa

metadata = sa.MetaData()
#: Sorted by bytes, as SQLite and Python do, in any locale of the database.
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
    #: Set with the pointer to the serving index version; target_space during a reindex.
    sa.Column("serving_space", TEXT),
    sa.Column("target_space", TEXT),
    #: Its dataset.toml as last listed; null: it has none.
    sa.Column("settings", sa.JSON(none_as_null=True)),
    #: Time from which listings find no file of it; null: they do.
    sa.Column("missing_since", sa.Float),
    #: Removed datasets keep their row and slices: one that comes back gets the same shards.
    sa.Column("removed_at", sa.Float),
    #: Time at which its tables and index were deleted too.
    sa.Column("cleared_at", sa.Float),
    #: Removed by hand: files that are still there or come back restore it on request only.
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
    #: `revision` grows with each listing that changed the shard's inputs; `read_as` is the last
    #: reading, "<revision>:<reader>". A hint for the sensor: a reader compares the inputs.
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    sa.Column("read_as", TEXT),
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: Hints for order and display, of spaces and generation tasks; the planner derives them exactly.
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

#: The records of a file that belong to a shard. end_record is null: to the end of the file.
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
    #: Its documents were in the shard's table: from then on it stays in that shard.
    sa.Column("is_read", sa.Boolean, nullable=False),
    sa.Column("removed_at", sa.Float),
    #: The file's fingerprint when it was last read; null: never, or it changed meanwhile.
    sa.Column("read_fingerprint", TEXT),
    #: State of the last reading, so that the next one can begin where the file grew.
    sa.Column("reading", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("dataset", "uri", "first_record"),
)

#: How many new records a slice takes of its file in one state; a slice without a row is not counted.
slice_plan = sa.Table(
    "slice_plan",
    metadata,
    sa.Column("slice_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("planned_for", TEXT, nullable=False),
    sa.Column("planned_documents", sa.Integer),
    sa.Column("planned_text_bytes", sa.BigInteger),
    sa.Column("is_whole", sa.Boolean, nullable=False),
    sa.Column("in_order", sa.Boolean, nullable=False),
)

#: The fingerprint each table file of the lake must have to be trusted.
table_file = sa.Table(
    "table_file",
    metadata,
    sa.Column("path", TEXT, primary_key=True),
    sa.Column("fingerprint", TEXT, nullable=False),
    sa.Column("input_fingerprint", TEXT, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
)

#: What files of the lake held when they were last read, valid while they have the same stamp: size and
#: time, or the ETag. It is a memory of the files, which anybody may forget at any time.
file_note = sa.Table(
    "file_note",
    metadata,
    sa.Column("path", TEXT, primary_key=True),
    sa.Column("stamp", TEXT, nullable=False),
    #: The fingerprint in the file's metadata.
    sa.Column("fingerprint", TEXT, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
)

#: The highest fence wins; a row is never deleted while one of its fences may be in use.
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
    #: Generation jobs only: the output expected when the job was formed, and the billed output.
    sa.Column("output_tokens_estimated", sa.BigInteger),
    sa.Column("output_tokens_actual", sa.BigInteger),
)

#: Paid files as they were when they began to count; the digest is SHA-256 in hex.
paid_file = sa.Table(
    "paid_file",
    metadata,
    sa.Column("path", TEXT, primary_key=True),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)

#: The definition of each space, then of each task: jobs outlive a change of settings and files.
space = sa.Table(
    "space",
    metadata,
    sa.Column("space_id", TEXT, primary_key=True),
    sa.Column("definition", sa.JSON, nullable=False),
)

task = sa.Table(
    "task",
    metadata,
    sa.Column("task_id", TEXT, primary_key=True),
    sa.Column("definition", sa.JSON, nullable=False),
)

#: The tasks that process a dataset, and its use of their answers.
dataset_task = sa.Table(
    "dataset_task",
    metadata,
    sa.Column("dataset", TEXT, primary_key=True),
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("task_id", TEXT, nullable=False),
    sa.Column("use", sa.JSON, nullable=False),
    #: From then on no more requests are sent; existing answers stay in use.
    sa.Column("stopped_at", sa.Float),
)

#: Every move of a job, appended in the transaction that made it.
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

#: On whose behalf a job or a day's questions were paid for, where a caller has a cap of its own.
caller_job = sa.Table(
    "caller_job",
    metadata,
    sa.Column("job_id", TEXT, primary_key=True),
    sa.Column("caller", TEXT, nullable=False),
    #: When something was last booked for it on the caller's behalf.
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("caller_job_by_time", "caller", "at"),
)

#: What other tools spent on the same key, as a person entered it; `at` is noon of its day.
other_spend = sa.Table(
    "other_spend",
    metadata,
    sa.Column("entry_id", TEXT, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("usd", sa.Float, nullable=False),
    sa.Column("note", TEXT, nullable=False),
    sa.Column("entered_at", sa.Float, nullable=False),
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
    #: Time of the last switch to it; null: never.
    sa.Column("served_at", sa.Float),
    #: Chosen by hand over an index of these embeddings: no automatic build undoes that.
    sa.Column("held_for", TEXT),
)

#: The input for which the sensor last requested a run, and that of the last successful run.
run_request = sa.Table(
    "run_request",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("fingerprint", TEXT),
    sa.Column("attempt", sa.Integer, nullable=False),
    #: Number of runs ever requested under this name.
    sa.Column("asked", sa.Integer, nullable=False, default=0),
    sa.Column("requested_at", sa.Float, nullable=False),
    sa.Column("done_fingerprint", TEXT),
)
