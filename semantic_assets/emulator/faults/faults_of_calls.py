"""The faults that fire at calls: creating, uploading, looking, downloading, real time.

A name, where it fires, what it means, its parameters. Not here: what a fault does
(`request_faults.py`).
"""

from semantic_assets.emulator.faults.fault import At, Row

# A pattern of the endpoint names that `GET /emulator/state` counts calls by.
_METHOD = {"method": "*"}

ROWS: tuple[Row, ...] = (
    # Creating a job.
    (At.CREATE, "lost-create-response", "job created; connection closed, no answer", {}),
    (At.CREATE, "create-500", "500 INTERNAL; the job exists if `created`", {"created": False}),
    (At.CREATE, "create-503", "503 UNAVAILABLE; the job exists if `created`", {"created": False}),
    (At.CREATE, "create-timeout", "job created; silence, then closed", {"seconds": 30.0}),
    (At.CREATE, "create-timeout-not-created", "no job; silence, then closed", {"seconds": 30.0}),
    (At.CREATE, "create-reset", "no job; connection reset", {}),
    (At.CREATE, "create-307", "redirect to the same method of another version", {}),
    (At.CREATE, "create-429", "the quota refusal, whatever is enqueued", {}),
    (At.CREATE, "create-400", "400 INVALID_ARGUMENT about the request", {}),
    (At.CREATE, "create-400-location", "400 FAILED_PRECONDITION: location not supported", {}),
    (At.CREATE, "create-400-key", "400 INVALID_ARGUMENT with reason API_KEY_INVALID", {}),
    (At.CREATE, "create-403-billing", "403 with reason BILLING_DISABLED", {}),
    (At.CREATE, "create-unreadable-answer", "job created; 200 with HTML for JSON", {}),
    (At.CREATE, "hidden-quota", "enqueued-token limit silently lower", {"fraction": 0.5}),
    # Uploading its input.
    (At.UPLOAD_CHUNK, "upload-slow-chunk", "the answer to a chunk is late", {"seconds": 1.0}),
    (At.UPLOAD_CHUNK, "upload-drop-chunk", "closed in the middle; nothing of it stored", {}),
    (
        At.UPLOAD_CHUNK,
        "upload-503",
        "503 to a chunk, not stored; without a status the SDK posts it again",
        {"has_status": False},
    ),
    (
        At.UPLOAD_START,
        "upload-mime-400",
        "400 Unsupported MIME type, for these",
        {"mime_types": ["jsonl", "application/jsonl"]},
    ),
    (At.UPLOAD_CHUNK, "upload-lost-final", "file stored; connection closed, no answer", {}),
    # Looking at jobs.
    (At.LIST, "list-503", "503 UNAVAILABLE", {}),
    (At.GET, "get-503", "503 UNAVAILABLE", {}),
    (At.LIST, "list-empty-page", "half a page, an empty page with a token, the rest", {}),
    (
        At.LIST,
        "list-error-details-objects",
        "errors carry google.rpc.Status details, and somebody else's broken job is listed too",
        {},
    ),
    # Downloading them.
    (
        At.DOWNLOAD,
        "truncated-download-with-length",
        "closed before Content-Length is reached",
        {"fraction": 0.5},
    ),
    (
        At.DOWNLOAD,
        "truncated-download-close-delimited",
        "no length; ends early, after a whole line unless `mid_line`, as if complete",
        {"fraction": 0.5, "mid_line": False},
    ),
    # Real time.
    (At.REALTIME, "realtime-noise", "vectors at this cosine to the usual", {"cosine": 0.995}),
    (At.REALTIME, "realtime-503", "503 UNAVAILABLE", {}),
    (At.REALTIME, "realtime-429", "429 with RetryInfo", {"retry_seconds": 39}),
    (At.REALTIME, "realtime-swapped", "embeddings in another order", {}),
    # Everything.
    (At.ANY, "any-503", "503 UNAVAILABLE", _METHOD),
    (At.ANY, "slow", "the answer is late", {**_METHOD, "seconds": 1.0}),
    (
        At.ANY,
        "key-revoked",
        "403 PERMISSION_DENIED to this key; null: to every key",
        {"api_key": None},
    ),
)
