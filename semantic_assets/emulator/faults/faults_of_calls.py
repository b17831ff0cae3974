"""The faults that fire at calls: creating, uploading, looking, downloading, real time.

A name, where it fires, what it means, its parameters. Not here: what a fault does
(`request_faults.py`).
"""

from semantic_assets.emulator.faults.fault import At, Row

# A pattern of the endpoint names that `GET /emulator/state` counts calls by.
_VERSIONS = ("v1beta", "v1")
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
    (
        At.CREATE,
        "create-404",
        "404 NOT_FOUND about the model, in either of the service's wordings",
        {"wording": ("no-longer-available", "not-found")},
    ),
    (
        At.CREATE,
        "create-429",
        "429, whatever is enqueued; `unnamed` carries google.rpc.Help only",
        {"quota": ("unnamed", "minute", "day")},
    ),
    (
        At.CREATE,
        "create-400-schema",
        "400 if lines of the input file have a schema in that member",
        {"member": ("responseSchema", "responseJsonSchema")},
    ),
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
    (At.UPLOAD_START, "upload-429-storage", "429: the project's file storage is full", {}),
    (At.FILES, "files-403-blocked", "403: this key is barred from the service of files", {}),
    (At.UPLOAD_CHUNK, "upload-lost-final", "file stored; connection closed, no answer", {}),
    # Looking at jobs.
    (At.LIST, "list-503", "503 UNAVAILABLE", {}),
    (At.LIST, "list-429", "429 with google.rpc.Help only", {}),
    (
        At.LIST,
        "list-contradicts-get",
        "no jobs, others' jobs only, or all jobs as ended without output",
        {"shape": ("empty", "without-ours", "succeeded", "failed")},
    ),
    (At.LIST, "list-repeats-token", "the next page is this one, for ever", {}),
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
    (
        At.REALTIME,
        "realtime-429",
        "429 with RetryInfo, the same for a minute's quota and a day's; `unnamed` has none",
        {"retry_seconds": 39, "quota": ("minute", "day", "unnamed")},
    ),
    (At.REALTIME, "realtime-fewer", "so many embeddings fewer than asked", {"count": 1}),
    (At.REALTIME, "realtime-swapped", "embeddings in another order", {}),
    # Everything.
    (At.ANY, "version-refused", "404 to this version", {**_METHOD, "version": _VERSIONS}),
    (At.ANY, "any-503", "503, without a message if `is_empty`", {**_METHOD, "is_empty": False}),
    (
        At.ANY,
        "any-error",
        "an error of your own",
        {
            **_METHOD,
            **{"code": 404, "message": "Requested entity was not found."},
            **{"status": None, "details": []},
        },
    ),
    (
        At.ANY,
        "trickle",
        "so many bytes of the body at a time, so far apart",
        {**_METHOD, "bytes": 10, "seconds": 5.0},
    ),
    (At.ANY, "undecodable-body", "200 with a gzip body that is none", _METHOD),
    (At.ANY, "slow", "the answer is late", {**_METHOD, "seconds": 1.0}),
    (
        At.ANY,
        "key-revoked",
        "403 PERMISSION_DENIED to this key, whose text has the key; null: to every key",
        {"api_key": None},
    ),
)
