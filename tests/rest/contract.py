"""Schemathesis with keys, against a served process: `python -m tests.rest.contract --minutes 10`."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from tests.rest.served_process import Caller, ServedProcess, served_process

PHASES = ("examples", "coverage", "fuzzing", "stateful")
#: How often a name is drawn that is there; else any that its pattern permits.
_OFTEN = 0.8
#: A key that is sent again and again would let nothing be done but once.
_KEY, _FRESH = "Idempotency-Key", count()


@dataclass
class Ran:
    """What a run asked, by the status of the answer, and what it found."""

    answers: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    #: Seconds, and the request.
    slowest: tuple[float, str] = (0.0, "")

    def note(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            for one in event.recorder.interactions.values():
                self._count(one)
            for case, checks in event.recorder.checks.items():
                answer = event.recorder.interactions[case].response
                self._note(checks, "" if answer is None else answer.text)
        elif isinstance(event, events.NonFatalError):
            self.findings.setdefault(event.label, event.info.format())
        elif isinstance(event, events.FatalError):
            self.findings.setdefault("fatal", repr(event.exception))

    def _count(self, asked: Any) -> None:
        if asked.response is None:
            self.findings.setdefault("no answer", f"{asked.request.method} {asked.request.uri}")
        else:
            self.answers[asked.response.status_code] += 1
            took = (asked.response.elapsed, f"{asked.request.method} {asked.request.uri}")
            self.slowest = max(self.slowest, took)

    def _note(self, checks: list[Any], answer: str) -> None:
        for check in checks:
            self.checks[check.name] += 1
            if found := check.failure_info:
                what = f"{found.failure.operation}: {found.failure.title}"
                how = f"{found.failure.message}\n{answer[:1_000]}\n{found.code_sample}"
                self.findings.setdefault(what, how)

    def add(self, other: "Ran") -> None:
        self.answers += other.answers
        self.checks += other.checks
        self.findings |= other.findings
        self.slowest = max(self.slowest, other.slowest)

    def __str__(self) -> str:
        of_each = ", ".join(f"{times} x {status}" for status, times in sorted(self.answers.items()))
        return (
            f"{self.answers.total()} requests ({of_each}), {self.checks.total()} checks, "
            f"{len(self.findings)} findings, the slowest answer {self.slowest[0]:.1f} s: "
            f"{self.slowest[1][:100]}"
        )


_REVOKE = "DELETE /v1/keys/{key_id}"
#: Of requests that fit the document. 402: what a cap allows depends on prices and on what waits.
_ACCEPTED = ["2xx", "401", "402", "403", "404", "409", "429"]
#: Where a name of each kind stands in requests.
_PLACES = {
    "projects": ("path.project",),
    "datasets": ("path.dataset",),
    "references": ("body.datasets[*]",),
    "documents": ("path.document",),
    "batches": ("path.batch_id",),
    "jobs": ("path.name",),
    "tasks": ("body.task",),
}


def run(
    served: ServedProcess,
    caller: Caller,
    document: dict[str, Any],
    *,
    seed: int,
    phases: tuple[str, ...] = PHASES,
    only: Sequence[str] = (),
    examples: int | None = None,
    seconds: int | None = None,
) -> Ran:
    """Ask as one caller; every check of schemathesis holds for every answer.

    Args:
        only: these operations, as `GET /healthz`; none: all.
        examples: of each operation; None: as many as there is time for.
    """
    config = SchemathesisConfig.from_dict({"seed": seed, **_settings(served, caller, phases)})
    schema = schemathesis.openapi.from_dict(document, config=config)
    if only:
        schema = schema.include(name=list(only))
    if "stateful" in phases:  # it would revoke the keys of its callers, by their ids
        schema = schema.exclude(name=_REVOKE)
    schema.config.generation.update(max_examples=examples)
    schema.config.max_time = seconds
    for hook in (filter_failure, map_headers):
        schema.hook(hook)
    ran = Ran()
    for event in from_schema(schema).execute():
        ran.note(event)
    return ran


def _settings(served: ServedProcess, caller: Caller, phases: tuple[str, ...]) -> dict[str, Any]:
    often = {"probability": _OFTEN}
    return {
        "base-url": served.url,
        "headers": dict(caller.headers),
        "continue-on-failure": True,
        # A collect takes in all jobs that have ended, which may be hundreds here.
        "request-timeout": 120,
        # In the path no slash is drawn, which patterns permit.
        "suppress-health-check": ["filter_too_much"],
        "generation": {"database": "none", "no-shrink": True},
        "cache": {"enabled": False},
        "checks": {"positive_data_acceptance": {"expected-statuses": _ACCEPTED}},
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "dictionaries": {name: {"values": list(of)} for name, of in served.names.items()},
        "parameters": {
            place: {"dictionary": name, **often}
            for name, places in _PLACES.items()
            for place in places
        },
    }


def document(url: str) -> dict[str, Any]:
    """The server's document, of which two places are changed.

    `default` stands for a 500 there; to schemathesis it declares every status. And a file is named,
    as every client does: by the name of its field it would be of no format.
    """
    found: dict[str, Any] = httpx2.get(f"{url}/openapi.json").raise_for_status().json()
    for operation in (one for methods in found["paths"].values() for one in methods.values()):
        del operation["responses"]["default"]
        content = operation.get("requestBody", {}).get("content", {})
        if form := content.get("multipart/form-data"):
            named = {"schema": {"type": "string", "example": 'form-data; filename="note.txt"'}}
            form["encoding"] = {"files[]": {"headers": {"Content-Disposition": named}}}
    return found


def map_headers(_: object, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Make most keys of requests differ."""
    key, number = (headers or {}).get(_KEY), next(_FRESH)
    if isinstance(key, str) and key.isalnum() and key.isascii() and len(key) < 200 and number % 5:
        return {**(headers or {}), _KEY: f"{key}-{number}"}
    return headers


def filter_failure(_: object, failure: Any, case: Any, response: Any) -> bool:
    """Leave out two refusals of requests that fit the document, which it cannot tell apart."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    told = response.json()
    # Any bytes are a file to the document; these hold no text, or are of another format than their name.
    is_unreadable = told.get("status") == "failed" and "results" in told
    # The same key for another request: of one request alone nothing is wrong.
    is_used = told.get("detail") == "this Idempotency-Key was used for another request"
    return not (is_unreadable or is_used)


def _shares(served: ServedProcess) -> Iterator[tuple[Caller, int]]:
    """Who asks, and the share of the time."""
    yield served.admin, 20
    yield from ((caller, 3) for caller in served.known)
    yield from ((caller, 1) for caller in served.refused)


def main() -> None:
    """Ask for some minutes as each caller, and report what was answered and found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with TemporaryDirectory() as folder, served_process(Path(folder)) as served:
        ran = _asked(served, given.minutes * 60, given.seed)
        trouble = [line for line in served.log.read_text().splitlines() if "ERROR" in line]
    _say(f"in all {ran}", f"{len(trouble)} errors in the server's log", *trouble[:10])
    sys.exit(bool(ran.findings or trouble or any(status >= 500 for status in ran.answers)))


def _asked(served: ServedProcess, seconds: float, seed: int) -> Ran:
    shares, whole = list(_shares(served)), Ran()
    found = document(served.url)
    for caller, share in shares:
        part = max(1, round(seconds * share / sum(one for _, one in shares)))
        ran = run(served, caller, found, seed=seed, seconds=part)
        _say(f"{caller.name}: {ran}", *(f"  {what}\n{how}" for what, how in ran.findings.items()))
        whole.add(ran)
    return whole


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
