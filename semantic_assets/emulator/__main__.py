"""`python -m semantic_assets.emulator`: serve one state directory on a loopback port."""

import argparse
import sys
from pathlib import Path

from semantic_assets.emulator.server import serve_forever
from semantic_assets.emulator.settings import (
    DEFAULT_LATENCY_SECONDS,
    DEFAULT_TIER,
    DEFAULT_VECTORS,
    Choices,
)
from semantic_assets.emulator.vectors import MODES

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
        "--tier", type=int, choices=(1, 2, 3), help=f"of the quotas; {_KEPT} {DEFAULT_TIER}"
    )
    parser.add_argument("--vectors", choices=MODES, help=f"{_KEPT} {DEFAULT_VECTORS}")
    return parser


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until interrupted."""
    given = _parser().parse_args()
    choices = Choices(tier=given.tier, latency_seconds=given.latency, vectors=given.vectors)
    serve_forever(given.state_dir, choices, port=given.port, on_ready=_announce)


if __name__ == "__main__":
    main()
