"""Programs that read exports, in a folder of their own: `make services` fills it.

Beside the suite's packages they would change it: where pandas is installed, pyarrow imports it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

READERS = Path(sys.prefix) / "readers"


def needs_reader(name: str) -> pytest.MarkDecorator:
    missing = not (READERS / name).is_dir()
    return pytest.mark.skipif(missing, reason=f"needs {name}: make services")


def run_reader(*arguments: str) -> str:
    """Run Python with the readers, and without a network to look for anything."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(READERS), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer_of(code: str, *arguments: str) -> Any:
    """The JSON that a program prints last."""
    return json.loads(run_reader("-c", code, *arguments).strip().rpartition("\n")[2])
