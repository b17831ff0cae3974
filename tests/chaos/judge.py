"""The verdict on a finished world: what was lost, paid twice or misplaced."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from hashlib import sha256

import duckdb
import httpx2
import numpy as np

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import FINAL, JobState
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.store import Store
from tests.chaos.account import hammered, secrets, unbilled_calls, undone
from tests.chaos.corpus import PICTURES
from tests.chaos.generation_judge import judge_generations
from tests.chaos.incidents import needs_recovery
from tests.chaos.scenarios import End, Scenario
from tests.chaos.world import World, is_through_platform

_CREATES = (
    *("models.asyncBatchEmbedContent", "models.batchGenerateContent"),
    "batchPredictionJobs.create",
)
#: A minute, doubling to an hour, in the half day of a scenario.
_PATIENT_CALLS = 30
_SUCCESSFUL = ("BATCH_STATE_SUCCEEDED", "BATCH_STATE_PARTIALLY_SUCCEEDED")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of chunks or texts; of a world in which nothing is left to do."""

    #: Source files no chunk holds, chunks without a vector, documents without an answer.
    lost: int
    paid_twice: int
    #: Chunks whose vector is not that of their own text, documents with another one's answer.
    misplaced: int
    #: Chunks of texts that are in no source file any more.
    stale: int
    #: Create calls that reached the remote, beyond those the ledger announced.
    repeated_calls: int
    unconfirmed: int
    quarantined: int
    #: Jobs that are not final.
    open_jobs: int
    index_differs: int
    #: Chunks with a vector that the results file of its job does not hold.
    results_differ: int
    #: Tokens that the remote charged and the ledger's bill has not, or has too many.
    unbilled: int
    #: Final jobs whose reservation still stands.
    committed: int
    #: Where only canaries fail: downloads beyond one for each job, and more calls than backing off
    #: makes.
    repeated_downloads: int
    hasty_calls: int
    #: What was charged above the cap of the workers, in billionths of a dollar.
    over_cap: int
    #: Tokens of real-time calls that no booking tells of.
    unbilled_calls: int
    #: Texts that were sent again and again, and listings without an end.
    hammered: int
    #: Jobs that were given up twice, or taken back against a person's word.
    undone: int
    #: Places in ledger, traces and reports in which the key stands.
    secrets: int
    #: Of generation tasks: see `Generated`.
    #: Files in the bucket of the Agent Platform of jobs that are over, where nothing kept them.
    staged_left: int
    ill_formed: int
    needless: int
    media_left: int

    def wrong(self, scenario: Scenario) -> set[str]:
        """Names of what is not as it must be; all must be 0."""
        found = {name for name, count in asdict(self).items() if count}
        if scenario.apart:
            # Known and told: it must be in the bill, and it must have happened at all.
            return found ^ {scenario.shows}
        return found


def judge(world: World, scenario: Scenario) -> Verdict:
    world.disarm()
    store, gemini = world.open()
    with store:
        repeated_downloads, hasty_calls = _impatient(world, store, scenario)
        states = [job.state for job in store.ledger.jobs.list()]
        unbilled = unbilled_calls(world, store, scenario)  # before anything is asked here
        without, misplaced = _vectors(store, gemini)
        missing, stale = _texts(world, store)
        generated = judge_generations(world, store, gemini, scenario)
        return Verdict(
            lost=missing + without + generated.lost,
            paid_twice=_paid_twice(world, store, scenario) + generated.paid_twice,
            misplaced=misplaced + generated.misplaced,
            stale=stale,
            repeated_calls=_repeated_calls(world, store, scenario),
            unconfirmed=states.count(JobState.UNCONFIRMED),
            quarantined=states.count(JobState.QUARANTINED),
            open_jobs=sum(state not in FINAL for state in states),
            index_differs=sum(
                _index_differs(store, dataset) for dataset in store.ledger.sources.datasets()
            ),
            results_differ=_results_differ(store),
            unbilled=_unbilled(world, store, scenario),
            committed=_committed(store),
            repeated_downloads=repeated_downloads,
            hasty_calls=hasty_calls,
            over_cap=world.over_cap,
            unbilled_calls=unbilled,
            hammered=hammered(world),
            undone=undone(world, store),
            secrets=secrets(world, store),
            staged_left=_staged_left(store, gemini, scenario),
            ill_formed=generated.ill_formed,
            needless=generated.needless,
            media_left=generated.media_left,
        )


def _results_differ(store: Store) -> int:
    """What was paid for is written once, and stays."""
    with connect(store) as connection:
        rows = connection.execute(
            "SELECT e.batch_job_id, e.text_hash FROM embeddings e WHERE e.status = 'READY'"
        ).fetchall()
        answered = _rows_of_results(store, connection, "outcome = 'ok'")
    return sum(key not in answered[job] for job, key in rows)


def _index_differs(store: Store, dataset: DatasetKey) -> int:
    try:
        return check_index(store, dataset).counted
    except FileNotFoundError:
        return 1


def _vectors(store: Store, gemini: Gemini) -> tuple[int, int]:
    """(chunks without a vector, chunks whose vector is not that of their own text)."""
    with connect(store) as connection:
        rows = connection.execute(
            "SELECT c.vector_text, e.vector FROM chunks c "
            "LEFT JOIN embeddings e ON e.chunk_id = c.chunk_id AND e.status = 'READY'"
        ).fetchall()
    held = [(text, vector) for text, vector in rows if vector is not None]
    misplaced = 0
    for first in range(0, len(held), 100):
        part = held[first : first + 100]
        expected = gemini.embed_documents(store.settings.space, [text for text, _ in part])
        found = np.asarray([vector for _, vector in part], dtype=np.float32)
        cosines = np.einsum("ij,ij->i", expected, found)
        misplaced += int((~(cosines >= 0.999)).sum())  # a NaN is no vector of anything
    return len(rows) - len(held), misplaced


def _texts(world: World, store: Store) -> tuple[int, int]:
    """(source files that are no chunk, chunks that are no source file); each file is one chunk.

    Of a picture it is enough that there is one.
    """
    sources = world.folder / "sources"
    files = {
        (uri, "" if uri in PICTURES else path.read_text().strip())
        for path in sources.glob("*/*/*")
        if path.name != "dataset.toml"
        for uri in [str(path.relative_to(sources))]
    }
    with connect(store) as connection:
        rows = connection.execute(
            "SELECT d.uri, c.text FROM chunks c JOIN documents d USING (document_id)"
        ).fetchall()
    chunks = {(uri, "" if uri in PICTURES else text.strip()) for uri, text in rows}
    return len(files - chunks), len(chunks - files)


def _repeated_calls(world: World, store: Store, scenario: Scenario) -> int:
    """A create call is announced by a move to `creating`, each time it is made."""
    if scenario.mishap is not None and needs_recovery(scenario.mishap):
        return 0  # the announcements are lost with the ledger
    moves = [
        event
        for job in store.ledger.jobs.list()
        for event in store.ledger.jobs.events(job.job_id)
        if event.to_state == JobState.CREATING
    ]
    calls = world.control("state")["calls"]
    return max(0, sum(calls.get(create, 0) for create in _CREATES) - len(moves))


def _unbilled(world: World, store: Store, scenario: Scenario) -> int:
    """Tokens charged, less those in the ledger, job by job, where an answer was to be had.

    What was given up with its answer unread is in the bill as possibly billed, by its estimate.
    """
    charged: dict[str, int] = world.control("bill")["tokens_of"]
    # By our name: a row that was recovered from its results does not know Google's.
    names = {job["displayName"]: job["name"] for job in world.control("state")["jobs"]}
    wrong = 0
    for job in store.ledger.jobs.list():
        totals = store.ledger.spending.totals(of=job.job_id.__eq__)
        if totals.possibly_billed_usd > 0 or scenario.is_counted_by_estimate:
            continue  # told by an estimate: of texts without a line, or whose line has no count
        booked = sum(totals.batch_tokens.values())
        wrong += abs(charged.get(names.get(job.display_name, ""), 0) - booked)
    return wrong


def _impatient(world: World, store: Store, scenario: Scenario) -> tuple[int, int]:
    is_alone = scenario.processes == 1 and not (scenario.blow or scenario.mishap)
    if not is_alone or {fault.name for fault in scenario.faults} != {"realtime-503"}:
        return 0, 0
    calls = world.control("state")["calls"]
    read = calls.get("files.download", 0) + calls.get("objects.read", 0)
    downloads = read - len(store.ledger.jobs.list())
    # In a lake on servers each process is a machine of its own, with a download of its own.
    repeated = 0 if world.servers else max(0, downloads)
    return repeated, max(0, _realtime_calls(calls) - _patient_calls())


def _patient_calls() -> int:
    # One content a call there.
    return _PATIENT_CALLS * 2 if is_through_platform() else _PATIENT_CALLS


def _realtime_calls(calls: dict[str, int]) -> int:
    return calls.get("models.batchEmbedContents", 0) + calls.get("models.embedContent", 0)


def _staged_left(store: Store, gemini: Gemini, scenario: Scenario) -> int:
    """A process that dies, and a bucket that refuses, leave files to `cleanup`, which counts them."""
    is_struck = scenario.blow or scenario.mishap or scenario.processes > 1
    if not is_through_platform() or is_struck or scenario.has("storage-403"):
        return 0
    over = {job.display_name for job in store.ledger.jobs.list(states=[JobState.COLLECTED])}
    found = gemini.batches.list_files()
    return sum(job in over and "-of-another/" not in name for name, job in found)


def _committed(store: Store) -> int:
    final = {job.job_id for job in store.ledger.jobs.list(states=FINAL)}
    return store.ledger.spending.totals(of=final.__contains__).committed_usd > 0


def _paid_twice(world: World, store: Store, scenario: Scenario) -> int:
    """Texts answered in several billed jobs, but for answers that the scenario let go to waste."""
    bill = world.control("bill")
    jobs = {_id(job.remote_name or ""): job.job_id for job in store.ledger.jobs.list()}
    with connect(store) as connection:
        wasted = _rows_of_results(store, connection, _excuse(scenario))
    wrong = 0
    for found in bill["paid_more_than_once"]:
        key = _key_of(world, found["text_sha"], found["jobs"][0])
        paid = [jobs.get(_id(remote)) for remote in found["jobs"]]
        silent = [job for job in paid if job is None or key not in wasted[job]]
        wrong += len(silent) > 1
    return wrong


def _id(remote: str) -> str:
    """The part of a job's name that both services have."""
    return remote.rpartition("/")[2]


def _key_of(world: World, text_sha: str, remote: str) -> str | None:
    """The key under which a job was sent a text; with a picture it is hashed together."""
    url = f"{world.url}/emulator/jobs/{remote.removeprefix('batches/')}/texts"
    for line in httpx2.get(url, timeout=30).text.splitlines():
        sent = json.loads(line)
        written = "\0".join([sent["text"] or "", *sent.get("media", [])])
        if sha256(written.encode()).hexdigest() == text_sha:
            return str(sent["key"])
    return None


def _excuse(scenario: Scenario) -> str:
    """Which rows say that a billed answer was not to be had, so that paying again was right."""
    if scenario.has("missing-keys"):
        return "outcome = 'missing'"
    if scenario.has("deleted-by-somebody"):
        return "error_message LIKE 'GONE%'"
    if scenario.has("result-late") or scenario.has("output-folder-late"):
        return "error_message LIKE '%could not be read for%'"
    if scenario.has("blocked-prompts"):
        return "outcome = 'permanent'"  # a blocked prompt is billed, and a person asked again
    if scenario.ends is End.QUARANTINED:
        return "error_message LIKE 'resubmitted by hand%'"  # a person said so
    return "false"


def _rows_of_results(
    store: Store, connection: duckdb.DuckDBPyConnection, condition: str
) -> dict[str, set[str]]:
    """The texts of each job whose row in its results file is so."""
    found: dict[str, set[str]] = defaultdict(set)
    columns = ["text_hash", "outcome", "error_message"]
    for folder in store.lake.folders("results"):
        for name in store.lake.names(f"results/{folder}"):
            connection.register("rows_of_job", store.lake.read(f"results/{folder}/{name}", columns))
            rows = connection.execute(f"SELECT text_hash FROM rows_of_job WHERE {condition}")
            found[name.removesuffix(".parquet")] |= {key for (key,) in rows.fetchall()}
    return found
