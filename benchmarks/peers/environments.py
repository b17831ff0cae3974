"""A virtual environment for each peer: their pins of google-genai do not agree."""

import subprocess
import sys
import venv
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / ".peers"
_REQUIREMENTS = Path(__file__).parent / "requirements"


def python_of(peer: str) -> Path:
    """The interpreter that has what requirements/<peer>.txt names; installed at the first call.

    Raises:
        CalledProcessError: the installation failed.
    """
    folder, wanted = _FOLDER / peer, _REQUIREMENTS / f"{peer}.txt"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.is_file() or ready.read_text() != wanted.read_text():
        uv = Path(sys.executable).with_name("uv")
        venv.create(folder, clear=True, with_pip=not uv.exists())
        own = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        # Copied: nltk refuses to open files that are hard links into uv's cache.
        options = ["-q", "--compile-bytecode", "--link-mode", "copy", "--python", str(python)]
        theirs = [str(uv), "pip", "install", *options]
        command = [*(theirs if uv.exists() else own), "-r", str(wanted)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        ready.write_text(wanted.read_text())
    return python
