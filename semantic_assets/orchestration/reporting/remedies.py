"""The remedies: for each check that failed, and each kind of error that ends a run.

Messages say what happened. The commands here mend it.
"""

from semantic_assets.errors import (
    BrokenFile,
    ConfigError,
    Conflict,
    CorruptResult,
    GeminiUnavailable,
    NotFound,
    RateLimited,
    RemoteMissing,
    RequestRejected,
    ScopePaused,
    SemanticAssetsError,
    SourceMissing,
    SpendRefused,
)

ALL_DOCUMENTS_READ = "all_documents_read"
NO_MISSING_VECTORS = "no_missing_vectors"
UNIT_NORM = "unit_norm"
NO_FAILED_ANSWERS = "no_failed_answers"
REQUESTED_RUNS_SUCCEED = "requested_runs_succeed"
BATCHES_ADVANCE = "batches_advance"
INDEX_MATCHES_EMBEDDINGS = "index_matches_embeddings"
NO_QUALITY_DROP = "no_quality_drop"

#: The promise of each check.
PROMISES = {
    ALL_DOCUMENTS_READ: "Every source document could be read; the others are rows with a reason.",
    NO_MISSING_VECTORS: "Every chunk of the shard has a vector.",
    UNIT_NORM: "Every vector has length 1, so that a dot product is a cosine.",
    NO_FAILED_ANSWERS: "No document of the shard was given up by a task: each has its answer, or it is out.",
    REQUESTED_RUNS_SUCCEED: "No partition was given up after five failed runs of the sensor. It is one check for all of them.",
    BATCHES_ADVANCE: "The runs that send and collect were not given up. It is one check for all shards.",
    INDEX_MATCHES_EMBEDDINGS: "The serving index holds every READY chunk it was built from.",
    NO_QUALITY_DROP: "nDCG@10 fell by no more than 0.02 against the index version before.",
}
#: Checks of the lake as a whole: their state is not that of a partition, and the sensor may tell it.
OF_ALL = frozenset({BATCHES_ADVANCE, REQUESTED_RUNS_SUCCEED})
_CHECKS = {
    ALL_DOCUMENTS_READ: (
        "Mend the files, or exclude them in dataset.toml; the next run reads them again. "
        "`semantic-assets failures -d {dataset}` lists all of them by reason, with the remedy."
    ),
    NO_MISSING_VECTORS: (
        "Chunks that wait for their batch need nothing: the sensor comes back for them "
        "(`semantic-assets status`). `semantic-assets failures -d {dataset}` lists those that FAILED, "
        "`semantic-assets retry --errors-only -d {dataset}` gives them another chance."
    ),
    UNIT_NORM: (
        "The file was changed from outside. Delete the partition's `path`; "
        "`semantic-assets refresh -d {dataset}` writes it again from the results, at no cost."
    ),
    NO_FAILED_ANSWERS: (
        "`semantic-assets failures -d {dataset}` lists them by reason, "
        "`semantic-assets generate retry {dataset}` gives them another chance."
    ),
    REQUESTED_RUNS_SUCCEED: (
        "Open the last failed run of each (Runs, filter by partition), do what its error says, and "
        "materialize the partition by hand; or run `semantic-assets refresh`."
    ),
    BATCHES_ADVANCE: (
        "Open the last failed run of `advance_batches`, do what its error says, and launch it again; "
        "or run `semantic-assets refresh`."
    ),
    INDEX_MATCHES_EMBEDDINGS: (
        "`semantic-assets index build {dataset}` builds it again from the embeddings, at no cost."
    ),
    NO_QUALITY_DROP: (
        "`semantic-assets quality -d {dataset}` compares the index versions; "
        "`semantic-assets index rollback {dataset}` serves the one before."
    ),
}
#: The first class that matches decides, so special ones come before general ones.
_ERRORS: tuple[tuple[type[SemanticAssetsError], str], ...] = (
    (
        ConfigError,
        "Correct the setting that the message names (`.env`, the environment or the dataset's "
        "`dataset.toml`), then launch the run again.",
    ),
    (
        NotFound,
        "`semantic-assets ls` lists what there is; `semantic-assets refresh` brings what is new.",
    ),
    (
        Conflict,
        "Where a table is not there yet, run the job `embed_shard` of the partition first. Else "
        "another process works on the same: launch the run again when that has ended.",
    ),
    (
        SourceMissing,
        "Mount the sources, or set `SEMANTIC_ASSETS_SOURCES`. Nothing was deleted.",
    ),
    (
        SpendRefused,
        "`semantic-assets estimate` shows the quote. Raise "
        "`SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY` or `SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN`, or wait "
        "until midnight UTC.",
    ),
    (
        ScopePaused,
        "Google refuses the key, its billing or its location: `semantic-assets probe` says which. "
        "Nothing was created; submission goes on by itself when the pause is over.",
    ),
    (
        RateLimited,
        "Nothing: the window was made smaller and the sensor tries again. "
        "`semantic-assets window` shows how full it was.",
    ),
    (
        GeminiUnavailable,
        "Nothing: the sensor tries again, and what was sent is not sent twice. "
        "If it stays so, `semantic-assets probe` says what does not answer.",
    ),
    (
        BrokenFile,
        "`semantic-assets verify --deep` names each broken file and the command that resolves it; "
        "then launch the run again.",
    ),
    (
        CorruptResult,
        "What was there before stays in use. `semantic-assets jobs` names quarantined jobs, "
        "`semantic-assets resolve JOB --accept`, `--resubmit` or `--fail` decides about one; "
        "an index is built again by `semantic-assets index build P/D`.",
    ),
    (
        RequestRejected,
        "`semantic-assets probe` tries model, dimensions and limits on this key; "
        "`semantic-assets failures` lists the texts that were refused.",
    ),
    (
        RemoteMissing,
        "Nothing: what Google does not know twice, ten minutes apart, is given up and sent again. "
        "`semantic-assets jobs` shows the job.",
    ),
)
_DISK = (
    "Make room, mend the rights or bring back the path that the message names, then launch the run "
    "again. Tables of the lake that are gone are written again by `semantic-assets refresh`."
)
#: Of a run of `refresh` after which texts are FAILED.
TEXTS_FAILED = (
    "What succeeded is in search. `semantic-assets failures` lists what FAILED by reason, with the "
    "remedy; the check of the partition stays red until it is mended."
)
#: Of a run of `embeddings` that waited in vain.
STILL_WAITING = (
    "Nothing is lost: the batches go on, and the sensor materializes these partitions when they have "
    "ended (`semantic-assets status` says when that should be). Launch the run again to wait "
    "further; `SEMANTIC_ASSETS_WAIT_MINUTES` sets how long a run waits."
)
_UNKNOWN = "`semantic-assets verify` checks what is stored; then launch the run again."


def remedy_of_check(name: str, subject: str) -> str:
    """Return the remedy for a failed check; `subject` is a shard or dataset as it is written."""
    dataset = "/".join(subject.replace("/", ".").split(".")[:2])
    return _CHECKS[name].format(dataset=dataset)


def remedy_of_error(error: Exception) -> str:
    """Return the remedy for an error that ends a run."""
    for kind, remedy in _ERRORS:
        if isinstance(error, kind):
            return remedy
    return _DISK if isinstance(error, OSError) else _UNKNOWN
