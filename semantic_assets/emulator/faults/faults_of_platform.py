"""The faults that the Agent Platform alone has: of its bucket, its tokens and its output folders.

A name, where it fires, what it means, its parameters. Not here: what a fault does
(`platform/object_faults.py`, `platform/folders.py`).
"""

from semantic_assets.emulator.faults.fault import At, Row

#: What of the bucket a fault meets: calls of a kind, on keys that contain a text.
_CALLS = {"call": ("any", "read", "list", "write", "delete"), "contains": ""}

ROWS: tuple[Row, ...] = (
    (At.STORAGE, "storage-403", "403 AccessDenied to calls of this kind on such keys", _CALLS),
    (At.STORAGE, "storage-503", "503 to calls of this kind on such keys", _CALLS),
    (At.STORAGE, "storage-401", "401: the token is no longer taken", _CALLS),
    (
        At.STORAGE,
        "storage-list-lags",
        "listings leave out the last so many objects that end in .jsonl",
        {"count": 1},
    ),
    (
        At.STORAGE,
        "storage-cut-read",
        "a read closed before Content-Length is reached",
        {"fraction": 0.5},
    ),
    (At.TOKEN, "token-503", "503 to whoever asks for a token", {}),
    (At.TOKEN, "token-revoked", "400 invalid_grant to whoever asks for a token", {}),
    (At.SIGNED, "token-refused", "401 UNAUTHENTICATED to this call", {"method": "*"}),
    (At.LIST, "list-unfiltered-503", "503 UNAVAILABLE to a listing without a filter", {}),
    (At.JOB, "queued-for", "PENDING so long, then as usual", {"seconds": 70 * 3600.0}),
    # The output folder, decided at the birth of its job.
    (At.JOB, "output-folder-late", "SUCCEEDED so long before it is written", {"seconds": 60.0}),
    (
        At.JOB,
        "output-folder-half-written",
        "half of its first file is there for so long",
        {"seconds": 60.0},
    ),
    (At.JOB, "output-wrong-prefix", "below another prefix than the one asked for", {}),
    (
        At.JOB,
        "output-in-many-files",
        "files of so many rows, the last rows first, and a file of counts beside them",
        {"rows": 5},
    ),
    (
        At.JOB,
        "output-with-others",
        "beside the answers, or within their folder: those of a second run, somebody's, parts",
        {
            "shape": (
                *("run-beside", "run-within", "foreign-beside", "foreign-within"),
                *("incremental", "incremental-only"),
            )
        },
    ),
    (
        At.JOB,
        "stats-disagree",
        "completionStats, and an error, that the rows contradict",
        {"shape": ("all-failed", "none", "too-many")},
    ),
    (
        At.JOB,
        "bucket-refused-to-service",
        "ends FAILED: its service account may not read the input, or write the output",
        {"place": ("input", "output")},
    ),
)
