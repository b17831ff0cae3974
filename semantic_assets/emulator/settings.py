"""The settings chosen when the emulator starts; they are stored, so later servers agree."""

import sqlite3
from dataclasses import asdict, dataclass

from semantic_assets.emulator.state import State, read_setting, write_setting

DEFAULT_TIER = 1
DEFAULT_LATENCY_SECONDS = 20.0
DEFAULT_VECTORS = "hashed"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Settings given on the command line or by a caller; None keeps what is stored."""

    tier: int | None
    latency_seconds: float | None
    vectors: str | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings in force."""

    tier: int
    latency_seconds: float
    vectors: str


def store_choices(state: State, choices: Choices) -> None:
    """Store the given settings in the state directory."""
    with state.writing() as db:
        for name, value in asdict(choices).items():
            if value is not None:
                write_setting(db, name, value)


def read_settings(db: sqlite3.Connection) -> Settings:
    """Read the settings of the state directory."""
    return Settings(
        tier=int(read_setting(db, "tier", default=DEFAULT_TIER)),
        latency_seconds=float(read_setting(db, "latency_seconds", default=DEFAULT_LATENCY_SECONDS)),
        vectors=str(read_setting(db, "vectors", default=DEFAULT_VECTORS)),
    )
