"""The safeguards of the engine by name, to be switched off one at a time.

These are not among them, as others cover for each of them here:

- Two 404s ten minutes apart: the emulator has no 404 that passes. One that lasts is told by both.
- The results file that `collect` looks for once more: `adopt_landed` has seen it before.
- A row without a manifest whose owner lives: who plans holds the lease `plan` until it is there.
- A row of a living process is no orphan: taken from it, the fence of the row stops that process.
- One collector for each job: a second one writes the same answers, and its move is fenced.
- The fence of table records: a table recorded by a sleeper has other inputs and is written again.
- The fence of the index switch: the next building compares the inputs and switches again.
- The length of a vector: NumPy takes no row of another length.
- The day's cap and the probe: they keep money from being spent at all, not twice.
- A ledger that only `init` makes: the harness makes them; a second one is what `no-unknown-remote`
  is about.
- Rows from results files without one: their texts are known to the key index anyway.
- Files renamed into place once they are whole: answers are verified before their file is begun, a table
  that is cut off has another fingerprint, and a manifest that is, belongs to a job that is released.
- Signing in to the Agent Platform before the create call: the SDK asks for a token before it sends.
"""

from collections.abc import Callable

from tests.chaos import answer_guards as answer
from tests.chaos import generation_guards as generation
from tests.chaos import lake_guards as lake
from tests.chaos import payment_guards as payment
from tests.chaos.outside import cases as outside
from tests.chaos.platform import platform_guards as platform

SAFEGUARDS: dict[str, Callable[[], None]] = (
    {
        function.__name__.replace("_", "-"): function
        for function in (
            payment.no_unconfirmed,
            payment.no_adoption,
            payment.no_withholding,
            payment.no_plan_lease,
            payment.no_plan_fence,
            payment.no_fence,
            payment.no_age_check,
            payment.retries_on,
            payment.redirects_on,
            payment.no_patience,
            payment.no_names_seen,
            payment.no_complete_listing,
            payment.no_unknown_remote,
            payment.no_manifests_recovered,
            payment.no_scopes,
            payment.no_gone_delay,
            payment.no_reopening,
            payment.no_stop_after_two,
            payment.early_clearing,
            payment.no_second_download,
            payment.no_output_first,
            answer.no_key_check,
            answer.no_foreign_key_check,
            answer.no_duplicate_key_check,
            answer.no_verification,
            answer.no_canary,
            answer.no_token_counts,
            answer.no_waiting_for_canaries,
            answer.no_kept_downloads,
            answer.no_canary_backoff,
            answer.no_vector_check,
            answer.no_missing_rows,
            answer.no_bisection,
            answer.no_attempt_limit,
            lake.no_results_fence,
            lake.no_landed_files,
            lake.no_index_completion,
            lake.no_table_record,
            lake.no_paid_digest,
            lake.no_setting_aside,
            lake.no_ledger_id,
            lake.no_index_rebuild,
            generation.no_schema_check,
            generation.no_document_wait,
            generation.no_standing_answers,
            generation.no_repair_limit,
            generation.no_media_deleted,
            generation.no_request_keys,
            generation.no_foreign_request_check,
            generation.no_withheld_requests,
            generation.no_prompt_counts,
            generation.no_tasks_recovered,
            generation.no_task_in_real_time,
            generation.no_trusted_outputs,
        )
    }
    | outside.safeguards()
    | platform.safeguards()
)
