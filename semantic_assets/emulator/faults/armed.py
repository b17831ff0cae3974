"""Armed faults: rows of the state directory, so that all servers on it agree.

Each fault lasts as long as its `times` and its `for_seconds` both allow; with neither, until it is
disarmed. Firing is one guarded UPDATE, so a fault armed for two calls fires at two, however many
come at once. A fault that fired for the last time stays listed until it is disarmed. Not here: what
a fault does.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from semantic_assets.emulator import clock
from semantic_assets.emulator.faults.fault import ENDPOINTS, Parameters
from semantic_assets.emulator.faults.fault_table import FAULTS, complete
from semantic_assets.emulator.http.errors import invalid_argument
from semantic_assets.emulator.state import State

#: faults that may fire, by name, with their parameters
Armed = Mapping[str, Parameters]


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A fault that fired."""

    name: str
    parameters: Parameters
    #: 1 for the first time since it was armed; the seed of whatever it chooses
    number: int


#: still firing, by both limits
_LASTS = "(remaining IS NULL OR remaining > 0) AND (until IS NULL OR until > ?)"


def arm(
    state: State,
    name: str,
    *,
    times: int | None,
    parameters: Parameters,
    for_seconds: float | None = None,
) -> None:
    """Arm a fault, anew if it is armed already.

    Args:
        times: so many firings; None: any number.
        for_seconds: so long by the emulator's clock; None: until disarmed.

    Raises:
        GoogleError: 400, for a fault, parameters or a limit that do not exist.
    """
    completed = complete(name, parameters)
    if times is not None and (type(times) is not int or times < 0):
        raise invalid_argument(f"times must be a number or null, not {times!r}.")
    if for_seconds is not None and not _is_duration(for_seconds):
        raise invalid_argument(f"for_seconds must be a number or null, not {for_seconds!r}.")
    if completed.get("api_key"):
        # A key is never written, see `State.owner_of`.
        completed["api_key"] = state.owner_of(str(completed["api_key"]))
    with state.writing() as db:
        until = None if for_seconds is None else clock.now(db) + for_seconds
        db.execute(
            "INSERT OR REPLACE INTO fault (name, parameters, remaining, until, fired)"
            " VALUES (?, ?, ?, ?, 0)",
            [name, json.dumps(completed), times, until],
        )
        db.execute("DELETE FROM seen_text WHERE ? = 'transient-error-lines'", [name])


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def disarm(state: State, name: str | None) -> None:
    """Disarm a fault; None: all of them."""
    with state.writing() as db:
        db.execute("DELETE FROM fault WHERE ? IS NULL OR name = ?", [name, name])


def described(state: State) -> list[dict[str, Any]]:
    """Return the armed faults, in the order in which they were armed."""
    with state.reading() as db:
        rows, now = db.execute("SELECT * FROM fault ORDER BY rowid").fetchall(), clock.now(db)
    return [
        {
            "name": row["name"],
            "times": row["remaining"],
            "for_seconds": None if row["until"] is None else max(0.0, row["until"] - now),
            "fired": row["fired"],
            "parameters": json.loads(row["parameters"]),
        }
        for row in rows
    ]


def armed(db: sqlite3.Connection) -> Armed:
    """Return the faults that may fire now."""
    rows = db.execute(
        f"SELECT name, parameters FROM fault WHERE {_LASTS} ORDER BY rowid", [clock.now(db)]
    ).fetchall()
    return {row["name"]: json.loads(row["parameters"]) for row in rows}


def claim(db: sqlite3.Connection, name: str) -> Firing | None:
    """Let a fault fire once; return None if others used it up."""
    rows = db.execute(
        "UPDATE fault SET fired = fired + 1, remaining = remaining - 1"
        f" WHERE name = ? AND {_LASTS} RETURNING parameters, fired",
        [name, clock.now(db)],
    ).fetchall()
    for row in rows:
        parameters = json.loads(row["parameters"])
        return Firing(name=name, parameters=parameters, number=row["fired"])
    return None


def fits(name: str, parameters: Parameters, endpoint: str) -> bool:
    """Return whether a fault fires at calls of that endpoint."""
    patterns = ENDPOINTS[FAULTS[name].at]
    return endpoint in patterns or (
        "*" in patterns and fnmatchcase(endpoint, parameters.get("method", "*"))
    )
