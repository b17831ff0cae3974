"""Random walks over the ledger's verbs, held against a model of what Google was asked.

    python -m tests.ledger.random_walk --steps 1000000 --seed 7

Each walk has its own lake: files (manifests, results, retries) are kept as the lake keeps them,
outside the ledger, so that a process can die between a file and its row.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from semantic_assets.errors import Conflict, SpendRefused
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.ledger import Ledger, open_ledger
from semantic_assets.ledger.spending import Amount, Spending
from semantic_assets.model.batch_job import (
    ACTIVE_REMOTE,
    FINAL,
    IN_WINDOW,
    WITHHOLDING,
    BatchJob,
    JobState,
)
from semantic_assets.model.catalog import batch_usd
from tests.factories import MODEL, SCOPE_ID, Clock, make_job

S = JobState
TEXTS, TOKENS, IN_A_JOB, ATTEMPTS = 40, 100, 6, 3
WINDOW_TOKENS, WINDOW_JOBS = 2_000, 5
#: Of each lake one of these: most walks never come near it.
CAPS_USD = [batch_usd(MODEL, 4_000), batch_usd(MODEL, 10**9), batch_usd(MODEL, 10**9)]
AN_HOUR = 3_600.0
#: In the place of a text that is wanted no more.
_NOBODYS = -1


class Died(Exception):
    """A process is killed here."""


@dataclass
class Remote:
    """A job at Google: what it holds, and how it stands."""

    name: str
    display_name: str
    texts: tuple[int, ...]
    state: str = "RUNNING"

    @property
    def is_charged(self) -> bool:
        return self.state == "SUCCEEDED"


@dataclass
class Walk:
    ledger: Ledger
    clock: Clock
    rng: random.Random
    cap_usd: float
    google: dict[str, Remote] = field(default_factory=dict)
    manifests: dict[str, tuple[int, ...]] = field(default_factory=dict)
    results: dict[str, dict[int, bool]] = field(default_factory=dict)
    retries: dict[int, str] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)
    #: Texts that may be paid twice: a person, or 50 hours, gave their job up.
    forgiven: set[int] = field(default_factory=set)
    #: Handles of processes that sleep: a row, its lease, and what they were about to do.
    asleep: list[tuple[BatchJob, Lease, JobState]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    #: Jobs by what is possibly billed for them, as the model has it.
    possibly: set[str] = field(default_factory=set)
    trail: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    done: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        verb = self.rng.choices(VERBS, WEIGHTS)[0]
        self.trail.append(verb.__name__)
        self.done[verb.__name__] += 1
        try:
            verb(self)
        except Died:
            self.done["died"] += 1

    def maybe_die(self, part: float = 0.1) -> None:
        if self.rng.random() < part:
            raise Died

    def rows(self, *states: JobState) -> list[BatchJob]:
        return list(self.ledger.jobs.list(states=states or None))

    def leased(self, name: str) -> Lease | None:
        return self.ledger.leases.acquire(name)

    def pending(self) -> list[int]:
        withheld = {
            t for job in self.rows(*WITHHOLDING) for t in self.manifests.get(job.job_id, ())
        }
        found = []
        for text in range(TEXTS):
            outcomes = [
                (job_id, rows[text]) for job_id, rows in self.results.items() if text in rows
            ]
            landed = any(is_ok for _, is_ok in outcomes)
            since = self.retries.get(text, "")
            errors = sum(job_id > since for job_id, is_ok in outcomes if not is_ok)
            if not landed and errors < ATTEMPTS and text not in withheld:
                found.append(text)
        return found


# -- verbs ------------------------------------------------------------------------------------------


def plan(walk: Walk) -> None:
    under = walk.leased(lease_names.PLAN)
    if under is None:
        return
    if any(job.job_id not in walk.manifests for job in walk.rows(S.UPLOADING)):
        walk.ledger.leases.release(under)
        return  # a row without its manifest: nobody knows yet what it holds
    texts = tuple(
        walk.rng.sample(found, min(IN_A_JOB, len(found))) if (found := walk.pending()) else ()
    )
    if texts:
        _form(walk, under, texts)
    walk.maybe_die()
    walk.ledger.leases.release(under)


def _form(walk: Walk, under: Lease, texts: tuple[int, ...]) -> None:
    job_id = walk.ledger.job_ids.new()
    assert not walk.ids or job_id > walk.ids[-1], "ids go back"
    walk.ids.append(job_id)
    lease = walk.leased(lease_names.of_job(job_id))
    assert lease is not None
    tokens = TOKENS * len(texts)
    usd = batch_usd(MODEL, tokens)
    job = make_job(
        job_id=job_id,
        fence=lease.fence,
        requests=len(texts),
        tokens_estimated=tokens,
        created_at=walk.clock(),
        updated_at=walk.clock(),
    )

    def guard(spending: Spending) -> None:
        totals = spending.totals()
        if totals.spent_usd + totals.committed_usd + usd > walk.cap_usd:
            raise SpendRefused("cap")

    try:
        fits = walk.ledger.jobs.insert_if_fits(
            job,
            under=under,
            limit_tokens=WINDOW_TOKENS,
            limit_jobs=WINDOW_JOBS,
            guard=guard,
            reserved=Amount(tokens, usd),
        )
    except SpendRefused:
        walk.done["cap"] += 1
        return
    if not fits:
        walk.done["window full"] += 1
        return
    totals = walk.ledger.spending.totals()
    assert totals.spent_usd + totals.committed_usd <= walk.cap_usd, "over the cap"
    walk.maybe_die()
    walk.manifests[job_id] = texts
    walk.maybe_die()
    if walk.rng.random() < 0.1:
        walk.asleep.append((job, lease, S.CREATING))
        return
    _submit(walk, job, lease)


def _submit(walk: Walk, job: BatchJob, lease: Lease) -> None:
    texts = walk.manifests[job.job_id]
    if walk.ledger.jobs.move(job.job_id, S.CREATING, of=[S.UPLOADING], fence=lease.fence) is None:
        return
    walk.maybe_die()
    if walk.rng.random() < 0.1:
        walk.ledger.jobs.move(job.job_id, S.RELEASED, of=[S.CREATING], fence=lease.fence)
        return
    remote = _create(walk, job, texts)
    walk.maybe_die()
    if walk.rng.random() < 0.2:
        walk.ledger.jobs.move(job.job_id, S.UNCONFIRMED, of=[S.CREATING], fence=lease.fence)
        return
    walk.ledger.jobs.move(
        job.job_id,
        S.SUBMITTED,
        of=[S.CREATING],
        fence=lease.fence,
        remote_name=remote.name,
        submitted_at=walk.clock(),
    )
    walk.ledger.leases.release(lease)


def _create(walk: Walk, job: BatchJob, texts: tuple[int, ...]) -> Remote:
    """What Google is asked; the one call that is not idempotent."""
    for other in walk.google.values():
        assert other.display_name != job.display_name, f"{job.job_id} is created twice"
        if other.state in ("RUNNING", "SUCCEEDED"):
            twice = set(texts) & set(other.texts) - walk.forgiven
            assert not twice or _has_failed(walk, other, twice), f"{twice} are paid twice"
    remote = Remote(f"batches/{len(walk.google)}", job.display_name, texts)
    walk.google[remote.name] = remote
    return remote


def _has_failed(walk: Walk, remote: Remote, texts: set[int]) -> bool:
    """Whether a paid job's rows of these texts were errors, which are sent again."""
    job_id = remote.display_name.rpartition("-")[2]
    rows = walk.results.get(job_id, {})
    return all(rows.get(text) is False for text in texts)


def free_orphans(walk: Walk) -> None:
    for job in walk.ledger.jobs.orphaned():
        lease = walk.leased(lease_names.of_job(job.job_id))
        if lease is None:
            continue
        claimed = walk.ledger.jobs.claim(job.job_id, lease.fence)
        if claimed is None:
            continue
        to = S.RELEASED if claimed.state == S.UPLOADING else S.UNCONFIRMED
        if claimed.state in (S.UPLOADING, S.CREATING):
            walk.ledger.jobs.move(job.job_id, to, of=[claimed.state], fence=lease.fence)
        walk.ledger.leases.release(lease)


def google_works(walk: Walk) -> None:
    for remote in walk.google.values():
        if remote.state == "RUNNING" and walk.rng.random() < 0.3:
            remote.state = walk.rng.choice(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED"])


def poll(walk: Walk) -> None:
    """Look at a listing that may lie, then ask by name."""
    listed = {r.display_name: r for r in walk.google.values() if walk.rng.random() < 0.8}
    for job in walk.rows(S.UNCONFIRMED):
        if remote := listed.get(job.display_name):
            walk.ledger.jobs.move(
                job.job_id,
                S.SUBMITTED,
                of=[S.UNCONFIRMED],
                remote_name=remote.name,
                submitted_at=walk.clock(),
            )
    for job in walk.rows(*ACTIVE_REMOTE):
        remote = walk.google[job.remote_name or ""]
        if remote.state != "RUNNING":
            walk.ledger.jobs.move(job.job_id, S.ENDED, of=[job.state], remote_state=remote.state)


def give_up_absent(walk: Walk) -> None:
    """Give up unconfirmed jobs that were in truth never created."""
    there = {remote.display_name for remote in walk.google.values()}
    for job in walk.rows(S.UNCONFIRMED):
        if job.display_name not in there:
            _abandon(walk, job, billed=False)


def collect(walk: Walk) -> None:
    for job in walk.rows(S.ENDED):
        lease = walk.leased(lease_names.of_job(job.job_id))
        if lease is None:
            continue
        claimed = walk.ledger.jobs.claim(job.job_id, lease.fence)
        if claimed is None or claimed.state != S.ENDED:
            continue
        if walk.rng.random() < 0.1:
            walk.asleep.append((claimed, lease, S.COLLECTED))
            return
        _land(walk, claimed, lease)


def _land(walk: Walk, job: BatchJob, lease: Lease) -> None:
    texts = walk.manifests[job.job_id]
    succeeded = walk.google[job.remote_name or ""].state == "SUCCEEDED"
    with walk.ledger.jobs.held(job, lease.fence):
        walk.results.setdefault(
            job.job_id, {text: succeeded and walk.rng.random() < 0.9 for text in texts}
        )
    walk.maybe_die()
    rows = walk.results[job.job_id]
    walk.ledger.jobs.move(
        job.job_id,
        S.COLLECTED,
        of=[S.ENDED],
        fence=lease.fence,
        succeeded=sum(rows.values()),
        failed=len(rows) - sum(rows.values()),
        tokens_actual=TOKENS * len(texts) if succeeded else 0,
    )
    walk.maybe_die()
    walk.ledger.leases.release(lease)


def resolve(walk: Walk) -> None:
    """A person gives a job up."""
    found = walk.rows(S.UNCONFIRMED, S.SUBMITTED, S.RUNNING)
    if found and walk.rng.random() < 0.2:
        job = walk.rng.choice(found)
        if _abandon(walk, job, billed=True):
            walk.by_hand.add(job.job_id)


def enforce_deadline(walk: Walk) -> None:
    """Give up what is not terminal, by a fresh look, after 50 hours."""
    for job in walk.rows(*ACTIVE_REMOTE):
        old = walk.clock() - (job.submitted_at or 0) > 50 * AN_HOUR
        if old and walk.google[job.remote_name or ""].state == "RUNNING":
            _abandon(walk, job, billed=True)


def _abandon(walk: Walk, job: BatchJob, *, billed: bool) -> bool:
    lease = walk.leased(lease_names.of_job(job.job_id))
    if lease is None:
        return False
    claimed = walk.ledger.jobs.claim(job.job_id, lease.fence)
    if claimed is None or claimed.state != job.state:
        return False
    texts = walk.manifests.get(job.job_id, ())
    with walk.ledger.jobs.held(claimed, lease.fence):
        walk.results[job.job_id] = dict.fromkeys(texts, False)
    walk.maybe_die(0.02)
    amount = Amount(job.tokens_estimated, batch_usd(MODEL, job.tokens_estimated))
    moved = walk.ledger.jobs.move(
        job.job_id,
        S.ABANDONED,
        of=[claimed.state],
        fence=lease.fence,
        possibly_billed=amount if billed else None,
    )
    if moved is not None and billed:
        walk.forgiven.update(texts)
        walk.possibly.add(job.job_id)
    walk.ledger.leases.release(lease)
    return moved is not None


def reopen(walk: Walk) -> None:
    """Take back a job that turned up ended, unless a person gave it up."""
    listed = {r.display_name: r for r in walk.google.values() if r.state != "RUNNING"}
    for job in walk.rows(S.ABANDONED):
        remote = listed.get(job.display_name)
        lease = (
            None
            if remote is None or job.job_id in walk.by_hand
            else walk.leased(lease_names.of_job(job.job_id))
        )
        if lease is None or remote is None:
            continue
        claimed = walk.ledger.jobs.claim(job.job_id, lease.fence)
        if claimed is not None and claimed.state == S.ABANDONED:
            with walk.ledger.jobs.held(claimed, lease.fence):
                walk.results.pop(job.job_id, None)
            walk.ledger.jobs.move(
                job.job_id,
                S.SUBMITTED,
                of=[S.ABANDONED],
                fence=lease.fence,
                remote_name=remote.name,
                submitted_at=walk.clock(),
            )
        walk.ledger.leases.release(lease)


def retry(walk: Walk) -> None:
    """Void the errors of some texts, by an id that must be above theirs."""
    retry_id = walk.ledger.job_ids.new()
    assert all(retry_id > job_id for job_id in walk.results), "a retry is older than an error"
    for text in walk.rng.sample(range(TEXTS), 5):
        walk.retries[text] = retry_id


def edit(walk: Walk) -> None:
    """Texts that landed are wanted no more, and others come in their place.

    A job given up that was taken back may still hold the old text, which is nobody's now.
    """
    for text in walk.rng.sample(range(TEXTS), 3):
        if any(rows.get(text) for rows in walk.results.values()):
            walk.forgiven.discard(text)
            for rows in walk.results.values():
                rows.pop(text, None)
            for remote in walk.google.values():
                remote.texts = _without(remote.texts, text)
            for job_id, texts in walk.manifests.items():
                walk.manifests[job_id] = _without(texts, text)


def _without(texts: tuple[int, ...], text: int) -> tuple[int, ...]:
    return tuple(_NOBODYS if one == text else one for one in texts)


def pass_time(walk: Walk) -> None:
    walk.clock.advance(walk.rng.choice([1.0, 31.0, 31.0, AN_HOUR]))


def jump(walk: Walk) -> None:
    """The clock is put right, or wrong."""
    walk.clock.advance(walk.rng.choice([-26, -1, 1, 26, 60]) * AN_HOUR)


def wake(walk: Walk) -> None:
    """A process goes on from where it fell asleep, with the row and the fence it had then."""
    if not walk.asleep:
        return
    job, lease, to = walk.asleep.pop(walk.rng.randrange(len(walk.asleep)))
    before = walk.ledger.jobs.find(job.job_id)
    try:
        if to == S.CREATING:
            _submit(walk, job, lease)
        else:
            _land(walk, job, lease)
    except Conflict:
        walk.done["conflict"] += 1
        assert walk.ledger.jobs.find(job.job_id) == before


VERBS: list[Callable[[Walk], None]]
VERBS = [plan, free_orphans, google_works, poll, give_up_absent, collect, resolve]
VERBS += [enforce_deadline, reopen, retry, edit, pass_time, jump, wake]
WEIGHTS = [20, 8, 12, 12, 4, 12, 3, 3, 5, 3, 3, 10, 2, 6]


# -- what must hold ---------------------------------------------------------------------------------


def require_true(walk: Walk) -> None:
    """Check rows, texts and money against the model."""
    jobs = walk.rows()
    _require_one_owner(walk, jobs)
    window = sum(job.tokens_estimated for job in jobs if job.state in IN_WINDOW)
    assert walk.ledger.job_totals.window(SCOPE_ID, MODEL)[0] == window
    totals = walk.ledger.spending.totals()
    collected = [job for job in jobs if job.state == S.COLLECTED]
    paid = sum(job.tokens_actual or 0 for job in collected)
    assert totals.batch_tokens.get(MODEL, 0) == paid
    charged = {r.display_name: TOKENS * len(r.texts) for r in walk.google.values() if r.is_charged}
    assert paid == sum(charged.get(job.display_name, 0) for job in collected), "the bill is wrong"
    out = [job for job in jobs if job.state not in FINAL]
    # A reservation in a final state stands for ever; of a job that was given up it is possibly paid.
    committed = [job for job in out if job.job_id not in walk.possibly]
    assert _close(totals.committed_usd, sum(_usd(job) for job in committed)), "committed"
    given_up = [job for job in jobs if job.job_id in walk.possibly and not _is_paid(job)]
    assert _close(totals.possibly_billed_usd, sum(map(_usd, given_up))), "possibly billed"
    accounted = {job.display_name for job in [*collected, *out, *given_up]}
    assert charged.keys() <= accounted, f"nobody knows of {charged.keys() - accounted}"


def _require_one_owner(walk: Walk, jobs: list[BatchJob]) -> None:
    owners = Counter(
        text
        for job in jobs
        if job.state in WITHHOLDING
        for text in walk.manifests.get(job.job_id, ())
        if text not in walk.forgiven and text != _NOBODYS
    )
    assert all(count == 1 for count in owners.values()), "two open jobs hold one text"


def _usd(job: BatchJob) -> float:
    return batch_usd(MODEL, job.tokens_estimated)


def _is_paid(job: BatchJob) -> bool:
    return job.state == S.COLLECTED and bool(job.tokens_actual)


def _close(one: float, other: float) -> bool:
    return abs(one - other) < 1e-9


def walk_on(ledger: Ledger, clock: Clock, *, seed: int, steps: int) -> Counter[str]:
    """Take the steps of one lake; return how often each verb was taken."""
    rng = random.Random(seed)
    walk = Walk(ledger, clock, rng, rng.choice(CAPS_USD))
    for number in range(steps):
        try:
            walk.step()
            if number % 10 == 0:
                require_true(walk)
        except Exception as error:
            error.add_note(f"seed {seed}, step {number}: {', '.join(walk.trail)}")
            raise
    return walk.done


def walks(folder: Path, *, seed: int, steps: int, each: int = 250) -> Counter[str]:
    """Take so many steps in lakes of `each`: rows of long ago cost time and teach nothing."""
    done: Counter[str] = Counter()
    for number in range(-(-steps // each)):
        clock = Clock(1_000_000.0 + number)
        url = f"sqlite:///{folder}/{number}/ledger.sqlite3"
        ledger = open_ledger(url, create=True, clock=clock)
        done += walk_on(ledger, clock, seed=seed * 1_000_003 + number, steps=each)
        ledger.close()
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as folder:
        sys.stdout.write(f"{dict(walks(Path(folder), seed=options.seed, steps=options.steps))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
