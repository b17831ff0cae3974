"""The opened ledger: one database behind an object for each kind of row."""

import time
from dataclasses import dataclass, replace

from semantic_assets.ledger.database.engine import Clock, Database, open_database
from semantic_assets.ledger.dataset_spaces import DatasetSpaces
from semantic_assets.ledger.datasets import Datasets
from semantic_assets.ledger.evaluations import Evaluations
from semantic_assets.ledger.identity import Identity
from semantic_assets.ledger.index_versions import IndexVersions
from semantic_assets.ledger.job_ids import JobIds
from semantic_assets.ledger.job_totals import JobTotals
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.lake_files.file_notes import FileNotes
from semantic_assets.ledger.lake_files.paid_files import PaidFiles
from semantic_assets.ledger.lake_files.table_fingerprints import TableFiles
from semantic_assets.ledger.leases import Leases
from semantic_assets.ledger.progress import Progress
from semantic_assets.ledger.run_requests import Requests
from semantic_assets.ledger.scopes import Scopes
from semantic_assets.ledger.sources.sources import Sources
from semantic_assets.ledger.spaces import Spaces
from semantic_assets.ledger.spending import Spending
from semantic_assets.ledger.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Ledger:
    database: Database
    identity: Identity
    leases: Leases
    jobs: Jobs
    job_ids: JobIds
    job_totals: JobTotals
    datasets: Datasets
    sources: Sources
    dataset_spaces: DatasetSpaces
    progress: Progress
    files: TableFiles
    notes: FileNotes
    paid: PaidFiles
    scopes: Scopes
    spaces: Spaces
    tasks: Tasks
    spending: Spending
    index_versions: IndexVersions
    evaluations: Evaluations
    requests: Requests

    @property
    def ledger_id(self) -> str:
        return self.database.ledger_id

    def beside(self) -> list[str]:
        """Return the ids of other ledgers that share the key on purpose."""
        return self.database.stored("beside")

    def register_beside(self, ledger_id: str) -> None:
        self.database.store("beside", ledger_id)

    def given_up(self) -> list[str]:
        """Return the ids of jobs that it has no row of and a person gave up."""
        return self.database.stored("given_up")

    def give_up(self, job_id: str) -> None:
        self.database.store("given_up", job_id)

    def refusing(self, reason: str) -> "Ledger":
        """Return the same ledger, whose every write raises ConfigError with this reason."""
        return ledger_of(replace(self.database, refusal=reason))

    @property
    def is_there(self) -> bool:
        """False for an empty one that stands for a ledger not made yet."""
        return self.database.is_there

    def now(self) -> float:
        return self.database.clock()

    def close(self) -> None:
        self.database.engine.dispose()
        if self.database.counter is not None:
            self.database.counter.close()


def open_ledger(
    url: str,
    *,
    create: bool,
    clock: Clock = time.time,
    ledger_id: str | None = None,
    reading: bool = False,
) -> Ledger:
    """Open the ledger at a SQLAlchemy URL.

    Raises:
        ConfigError: it is missing and `create` is false, or it is of another version.
    """
    return ledger_of(
        open_database(url, create=create, clock=clock, ledger_id=ledger_id, reading=reading)
    )


def ledger_of(database: Database) -> Ledger:
    return Ledger(
        database=database,
        identity=Identity(database),
        leases=Leases(database),
        jobs=Jobs(database),
        job_ids=JobIds(database),
        job_totals=JobTotals(database),
        datasets=Datasets(database),
        sources=Sources(database),
        dataset_spaces=DatasetSpaces(database),
        progress=Progress(database),
        files=TableFiles(database),
        notes=FileNotes(database),
        paid=PaidFiles(database),
        scopes=Scopes(database),
        spaces=Spaces(database),
        tasks=Tasks(database),
        spending=Spending(database),
        index_versions=IndexVersions(database),
        evaluations=Evaluations(database),
        requests=Requests(database),
    )
