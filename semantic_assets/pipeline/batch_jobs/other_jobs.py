"""Jobs that other ledgers and programs have out on the key: they fill its windows too."""

from collections.abc import Iterable

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.model.batch_job import JobState, parse_display_name, state_of_remote
from semantic_assets.store import Store

#: Where we have no jobs to tell by: about a chunk of 1,500 characters.
_TOKENS_OF_A_REQUEST = 400
#: What others have out is looked at again after so long.
_NEWS_SECONDS = 60.0


def others_are_old_news(store: Store, gemini: Gemini) -> bool:
    """Return whether others had something out when they were last looked at, a while ago."""
    seen = store.ledger.scopes.others_seen_at(gemini.scope_id)
    return seen is not None and store.ledger.now() - seen > _NEWS_SECONDS


def note_others(store: Store, gemini: Gemini, listed: Iterable[RemoteJob]) -> None:
    """Note the jobs of other ledgers and programs: the window of enqueued tokens is the key's.

    A second ledger beside the first had filled a full window again. Google tells the requests of a
    job and not its tokens: those are taken to be as long as ours.
    """
    enqueued: dict[str, tuple[int, int]] = {}
    for job in listed:
        found = parse_display_name(job.display_name)
        is_ours = found is not None and found[0] == store.ledger.ledger_id
        if is_ours or state_of_remote(job.state) == JobState.ENDED or job.model is None:
            continue
        each = store.ledger.job_totals.mean_tokens(job.model) or _TOKENS_OF_A_REQUEST
        tokens, jobs = enqueued.get(job.model, (0, 0))
        enqueued[job.model] = (tokens + int(each * (job.requests or 1)), jobs + 1)
    if enqueued or store.ledger.scopes.others_seen_at(gemini.scope_id) is not None:
        store.ledger.scopes.note_others(gemini.scope_id, enqueued)
