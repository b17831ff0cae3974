"""Serve one state directory of the emulator on a loopback port."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from semantic_assets.emulator.answers.installed_models import missing_package
from semantic_assets.emulator.answers.vectors import MODES
from semantic_assets.emulator.faults import armed
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.server import serve_forever
from semantic_assets.emulator.settings import (
    DEFAULT_LATENCY_SECONDS,
    DEFAULT_TIER,
    DEFAULT_VECTORS,
    Choices,
)
from semantic_assets.emulator.state import State

_KEPT = "default: what is stored in the state directory, at first"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m semantic_assets.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="created if missing")
    parser.add_argument(
        "--latency",
        type=float,
        metavar="SECONDS",
        help=f"from a job's creation to its end; {_KEPT} {DEFAULT_LATENCY_SECONDS:g}",
    )
    parser.add_argument(
        "--tier",
        type=int,
        choices=(1, 2, 3),
        help=f"the tier of the quotas; {_KEPT} {DEFAULT_TIER}",
    )
    parser.add_argument("--vectors", choices=MODES, help=f"{_KEPT} {DEFAULT_VECTORS}")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME[=JSON]",
        dest="faults",
        help='arm a fault, with its parameters and, if it is to end, "times" or "for_seconds"',
    )
    return parser


def _fault(text: str) -> tuple[str, dict[str, Any]]:
    name, _, written = text.partition("=")
    parameters = json.loads(written or "{}")
    if not isinstance(parameters, dict):
        raise ValueError
    return name, parameters


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _arm(state_dir: Path, given: list[tuple[str, dict[str, Any]]]) -> None:
    state = State(state_dir)
    for name, parameters in given:
        limits = {limit: parameters.pop(limit, None) for limit in ("times", "for_seconds")}
        armed.arm(state, name, parameters=parameters, **limits)
    state.close()


def main() -> None:
    """Arm the given faults and serve until interrupted."""
    parser = _parser()
    given = parser.parse_args()
    if package := missing_package(given.vectors):
        parser.error(f"vectors {given.vectors!r} need a package: pip install {package}")
    try:
        _arm(given.state_dir, given.faults)
    except GoogleError as refusal:
        parser.error(refusal.message)
    choices = Choices(tier=given.tier, latency_seconds=given.latency, vectors=given.vectors)
    serve_forever(given.state_dir, choices, port=given.port, on_ready=_announce)


if __name__ == "__main__":
    main()
