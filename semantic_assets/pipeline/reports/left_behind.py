"""What is out when a command is stopped: nobody has to wait for it, and nothing of it is lost."""

from semantic_assets.model.batch_job import IN_WINDOW
from semantic_assets.model.catalog import is_charged
from semantic_assets.model.wording import are, counted
from semantic_assets.store import Store


def left_behind(store: Store, goes_on: str) -> str:
    """Return in words what jobs are out, what they may cost, and which command goes on.

    Args:
        goes_on: that command and its arguments.
    """
    out = [job for job in store.ledger.jobs.list(states=IN_WINDOW) if not job.is_realtime]
    end = f"nothing is lost: `semantic-assets {goes_on}` goes on from here"
    if not out:
        return f"no job is out; {end}"
    is_real = is_charged(store.settings.backend)
    totals = store.ledger.spending.totals(backend=store.settings.backend)
    usd = f", ${totals.committed_usd:.4f} committed" if is_real else ""
    texts = counted(sum(job.requests for job in out), "text")
    place = "Google, which works on" if is_real else "the emulator"
    jobs, verb = counted(len(out), "job"), are(len(out))
    return f"{jobs} with {texts} {verb} out at {place}{usd}; {end}"
