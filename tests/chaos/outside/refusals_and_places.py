"""G, H, I and N: one bad thing, refusals that repeat, copies of a lake, and secrets."""

from dataclasses import replace

from tests.chaos.faults import LARGE_WINDOW
from tests.chaos.scenarios import End, Fault, Incident, Scenario
from tests.chaos.steps import Blow

_HOUR = 3_600.0


def refusals_and_places() -> list[Scenario]:
    return [*_one_bad_thing(), *_refusals(), *_places(), *_secrets()]


def _one_bad_thing() -> list[Scenario]:
    """G: it does not stop the others."""
    return [
        *(bad_manifest(mishap) for mishap in (Incident.LOST_MANIFEST, Incident.CUT_MANIFEST)),
        huge_count(),
        *(undecodable(method) for method in ("batches.get", "batches.list", "files.download")),
        undecodable("models.asyncBatchEmbedContent"),
    ]


def bad_manifest(mishap: Incident) -> Scenario:
    blow = Blow("move to submitted", "after", nth=2)
    return Scenario(
        f"G: {blow}, {mishap}",
        blow=blow,
        mishap=mishap,
        window=600,
        ends=End.QUARANTINED,
        affected=1,
    )


def huge_count() -> Scenario:
    return Scenario(
        "G: tokenCount above int32", faults=(Fault("token-counts-scrambled", {"above": 2**31}),)
    )


def undecodable(method: str) -> Scenario:
    unlisted = [Fault("name-missing-from-list", {"seconds": 600.0})] if "get" in method else []
    fault = Fault("undecodable-body", {"method": method}, times=3)
    return Scenario(f"G: {method} answers gzip that is none", faults=(fault, *unlisted))


def _refusals() -> list[Scenario]:
    """H: a refusal repeated is a stop."""
    return [
        every_create("create-400"),
        *(every_create("create-429", quota) for quota in ("minute", "day", "unnamed")),
        full_storage(),
        half_of_rows(),
    ]


def every_create(name: str, quota: str | None = None) -> Scenario:
    given = {"quota": quota} if quota else {}
    lasting = Fault(name, given, None, None, 3 * _HOUR)
    word = f" {quota}" if quota else ""
    return Scenario(f"H: every create answers {name}{word} for 3 hours", faults=(lasting,))


def full_storage() -> Scenario:
    lasting = Fault("upload-429-storage", times=None, for_seconds=3 * _HOUR)
    return Scenario("H: the storage of files is full for 3 hours", faults=(lasting,))


def half_of_rows() -> Scenario:
    half = Fault("error-lines", {"fraction": 0.5, "code": 13}, times=4)
    name = "H: half of the rows end with code 13"
    return Scenario(name, faults=(half,), window=LARGE_WINDOW)


def _places() -> list[Scenario]:
    """I: a lake has one ledger, and a ledger one place."""
    return [
        copied_lake(),
        copied_lake("move to ended"),
        older_ledger(),
        older_ledger("move to submitted"),
        empty_ledger(),
        empty_ledger("results file"),
    ]


def copied_lake(step: str = "move to submitted") -> Scenario:
    """With `cp -r`, and used with the same key."""
    blow = Blow(step, "after")
    mishap = Incident.COPIED_LAKE
    return Scenario(f"I: {blow}, {mishap}", blow=blow, mishap=mishap)


def older_ledger(step: str = "create call") -> Scenario:
    blow = Blow(step, "after")
    mishap = Incident.OLD_LEDGER
    return Scenario(f"I: {blow}, {mishap}, unnoticed", blow=blow, mishap=mishap, unnoticed=True)


def empty_ledger(step: str = "create call") -> Scenario:
    return replace(
        older_ledger(step),
        name=f"I: killed after {step}, {Incident.EMPTY_LEDGER}",
        mishap=Incident.EMPTY_LEDGER,
    )


def _secrets() -> list[Scenario]:
    """N: the service's own words hold the key."""
    return [suspended_key(), suspended_key("upload"), suspended_key("move to running")]


def suspended_key(since: str | None = None) -> Scenario:
    revoked = Fault("key-revoked", {}, None, since, 2 * _HOUR)
    name = f"N: the key is suspended for 2 hours, from {since or 'the start'}"
    return Scenario(name, faults=(revoked,))
