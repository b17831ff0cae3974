"""Load a served lake with honest callers, then with hostile ones besides, and compare.

python -m tests.load --seconds 120
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.load.phases import Size, measure


def main() -> int:
    """Run both phases and print what the honest saw; 1 if they saw harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("--seconds", type=float, default=120.0, help="of each phase")
    parser.add_argument("--searchers", type=int, default=200)
    parser.add_argument("--uploaders", type=int, default=50)
    parser.add_argument("--hostile", type=int, default=20)
    asked = parser.parse_args()
    size = Size(asked.seconds, asked.searchers, asked.uploaders, asked.hostile)
    with tempfile.TemporaryDirectory(prefix="sa-load-") as folder:
        verdict = asyncio.run(measure(Path(folder), size))
    print(json.dumps(verdict.shown(), indent=2))
    return 0 if not verdict.wrong() else 1


sys.exit(main())
