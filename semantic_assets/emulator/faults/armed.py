"""Armed faults: rows of the state directory, so that all servers on it agree.

Firing is one guarded UPDATE, so a fault armed for two calls fires at two, however many come at
once. A fault that fired for the last time stays listed until it is disarmed. Not here: what a
fault does.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from semantic_assets.emulator.faults.fault_table import ENDPOINTS, FAULTS, Parameters, complete
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


def arm(state: State, name: str, *, times: int | None, parameters: Parameters) -> None:
    """Arm a fault, anew if it is armed already.

    Raises:
        GoogleError: 400, for a fault or parameters that do not exist.
    """
    completed = complete(name, parameters)
    if times is not None and (type(times) is not int or times < 0):
        raise invalid_argument(f"times must be a number or null, not {times!r}.")
    if completed.get("api_key"):
        # A key is never written, see `State.owner_of`.
        completed["api_key"] = state.owner_of(str(completed["api_key"]))
    with state.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO fault (name, parameters, remaining, fired) VALUES (?, ?, ?, 0)",
            [name, json.dumps(completed), times],
        )
        db.execute("DELETE FROM seen_text WHERE ? = 'transient-error-lines'", [name])


def disarm(state: State, name: str | None) -> None:
    """Disarm a fault; None: all of them."""
    with state.writing() as db:
        db.execute("DELETE FROM fault WHERE ? IS NULL OR name = ?", [name, name])


def described(state: State) -> list[dict[str, Any]]:
    """Return the armed faults, in the order in which they were armed."""
    with state.reading() as db:
        rows = db.execute("SELECT * FROM fault ORDER BY rowid").fetchall()
    return [
        {
            "name": row["name"],
            "times": row["remaining"],
            "fired": row["fired"],
            "parameters": json.loads(row["parameters"]),
        }
        for row in rows
    ]


def armed(db: sqlite3.Connection) -> Armed:
    """Return the faults that may fire now."""
    rows = db.execute(
        "SELECT name, parameters FROM fault WHERE remaining IS NULL OR remaining > 0 ORDER BY rowid"
    ).fetchall()
    return {row["name"]: json.loads(row["parameters"]) for row in rows}


def claim(db: sqlite3.Connection, name: str) -> Firing | None:
    """Let a fault fire once; return None if others used it up."""
    rows = db.execute(
        "UPDATE fault SET fired = fired + 1, remaining = remaining - 1"
        " WHERE name = ? AND (remaining IS NULL OR remaining > 0) RETURNING parameters, fired",
        [name],
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
