"""The faults a job is born with: of its life, its operation, and its result lines.

A name, where it fires, what it means, its parameters. Not here: what a fault does
(`job_faults.py`, `result_faults.py`, `answer_faults.py`).
"""

from semantic_assets.emulator.faults.fault import REQUIRED, At, Row

_TWO_DAYS = 48 * 3600.0

ROWS: tuple[Row, ...] = (
    # The life of a job, decided at its birth.
    (At.JOB, "stuck-pending", "PENDING so long, then EXPIRED", {"seconds": _TWO_DAYS}),
    (At.JOB, "stuck-running", "RUNNING so long, then EXPIRED", {"seconds": _TWO_DAYS}),
    (At.JOB, "ends-expired", "ends EXPIRED", {}),
    (At.JOB, "ends-failed", "ends FAILED", {"message": "Internal error."}),
    (At.JOB, "ends-cancelled", "ends CANCELLED, by nobody's wish", {}),
    (
        At.JOB,
        "cancel-ends-succeeded",
        "cancelled after its start: SUCCEEDED with so many rows served, the others code 1",
        {"served_fraction": 0.5},
    ),
    (
        At.JOB,
        "ends-partially-succeeded",
        "ends PARTIALLY_SUCCEEDED with so many rows served, the others code 1",
        {"served_fraction": 0.5},
    ),
    (
        At.JOB,
        "unknown-state",
        "a state nobody knows, for so long before it starts as usual",
        {"state": "BATCH_STATE_PAUSED", "seconds": 60.0},
    ),
    (At.JOB, "deleted-by-somebody", "gone so long after creation", {"after_seconds": 60.0}),
    (At.JOB, "job-state-spelling", "states with another prefix", {"prefix": "JOB_STATE_"}),
    (
        At.JOB,
        "whole-job-fails-if",
        "ends FAILED, without a reason, if one of its texts contains this",
        {"contains": REQUIRED},
    ),
    (At.JOB, "name-missing-from-list", "not listed so long after creation", {"seconds": 60.0}),
    (At.JOB, "output-late", "SUCCEEDED so long before any output is named", {"seconds": 60.0}),
    (
        At.JOB,
        "tokens-stay-enqueued",
        "its tokens fill the quota for so long after its end",
        {"seconds": _TWO_DAYS},
    ),
    (At.JOB, "output-in-response-only", "no metadata.output", {}),
    (At.JOB, "output-in-metadata-only", "no response", {}),
    # Results, decided at the birth of their job.
    (
        At.JOB,
        "result-late",
        "SUCCEEDED so long before the file can be read",
        {"seconds": 60.0, "code": (404, 403)},
    ),
    (At.JOB, "shuffled-lines", "lines in another order", {}),
    (At.JOB, "swapped-keys", "keys of these lines exchanged", {"fraction": 0.1}),
    (
        At.JOB,
        "duplicated-keys",
        "keys come twice, the second time with another line's answer",
        {"count": 1, "same_answer": False},
    ),
    (At.JOB, "missing-keys", "lines left out", {"fraction": 0.1}),
    (At.JOB, "unknown-key", "lines with keys nobody sent", {"count": 1}),
    (
        At.JOB,
        "wrong-dimensions",
        "vectors of another length; null: one component fewer",
        {"count": 1, "dimensions": None},
    ),
    (At.JOB, "nan-values", "a bare NaN in vectors", {"count": 1}),
    (At.JOB, "null-values", "a null in vectors", {"count": 1}),
    (At.JOB, "zero-vectors", "vectors of zeros", {"count": 1}),
    (
        At.JOB,
        "error-lines",
        "lines with an error for an answer",
        {
            "fraction": 0.1,
            "shape": ("error", "code-only", "status", "empty-object", "message-only"),
            "code": 13,
        },
    ),
    (
        At.JOB,
        "transient-error-lines",
        "error lines, but only the first time a text is seen",
        {"fraction": 0.1, "codes": [13, 8, 14]},
    ),
    (
        At.JOB_OR_REALTIME,
        "invalid-texts",
        "texts that contain this fail with code 3; in real time the call is refused",
        {"contains": REQUIRED},
    ),
    # Answers of chat models; in a job, drawn by the content of each request.
    (
        At.JOB_OR_REALTIME,
        "broken-answers",
        "answers that do not obey their schema; `empty` has no parts, `truncated` says MAX_TOKENS",
        {
            "fraction": 0.3,
            "shape": (
                *("mixed", "not-json", "truncated", "wrong-type"),
                *("missing-field", "fenced", "empty"),
            ),
        },
    ),
    (
        At.JOB_OR_REALTIME,
        "stopped-answers",
        "candidates without content, with this finishReason",
        {"fraction": 0.1, "reason": ("SAFETY", "RECITATION", "PROHIBITED_CONTENT")},
    ),
    (
        At.JOB_OR_REALTIME,
        "blocked-prompts",
        "prompts that contain this get promptFeedback SAFETY and no candidate",
        {"contains": REQUIRED},
    ),
    (At.JOB, "corrupted-line", "lines cut in the middle", {"count": 1}),
    (At.JOB, "swapped-result-files", "pairs of jobs answer with each other's file", {}),
    (At.JOB, "token-counts-missing", "no tokenCount", {}),
    (At.JOB, "token-counts-scrambled", "wrong tokenCounts, larger than this", {"above": 100_000}),
)
