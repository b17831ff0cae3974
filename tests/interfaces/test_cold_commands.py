"""What a command imports when a shell starts it: each library it does not need is time at each call."""

import json
import os
import subprocess
import sys

import pytest

#: No command that only reads needs them. A reader of files is imported by its first file.
_NEVER = {
    *("dagster", "fastapi", "faiss", "pandas", "obstore", "qdrant_client", "lancedb"),
    *("pypdfium2", "selectolax", "PIL.ImageDraw", "sqlalchemy.dialects.postgresql"),
    *("semantic_assets.parsing.html.page", "semantic_assets.parsing.office.reader"),
    *("semantic_assets.parsing.pdf.pdf_file", "semantic_assets.parsing.markup.asciidoc"),
    *("semantic_assets.sandbox.pool", "semantic_assets.pipeline.flows.refresh"),
    *("semantic_assets.pipeline.generation_jobs.generate", "semantic_assets.api.functions"),
}
_REMOTE = {"google.genai", "httpx2", "semantic_assets.emulator.server"}
_TABLES = {"duckdb"}
#: Beyond _NEVER, what each command does without.
_WITHOUT = {
    ("--help",): {"sqlalchemy", "pyarrow", "numpy", "pydantic", *_REMOTE, *_TABLES},
    ("completion", "bash"): {"sqlalchemy", "pyarrow", "numpy", "pydantic", *_REMOTE, *_TABLES},
    ("status",): {*_REMOTE, *_TABLES},
    ("search", "When does the ferry leave?"): _TABLES,
    ("doctor",): _TABLES,
}
_RUN = """
import json, sys
from semantic_assets.cli import main
main(json.loads(sys.argv[1]), standalone_mode=False)
print("\\n" + json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose lake holds one searchable note."""
    folder = tmp_path_factory.mktemp("cold")
    note = folder / "sources" / "bench" / "notes" / "ferry.md"
    note.parent.mkdir(parents=True)
    note.write_text("# The ferry\n\nThe ferry leaves at nine.")
    environ = {
        "PATH": os.environ["PATH"],
        "SEMANTIC_ASSETS_ROOT": str(folder / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_DIR": str(folder / "emulator"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0",
    }
    _loaded(["refresh", "--yes"], environ)
    return environ


def _loaded(arguments: list[str], environ: dict[str, str]) -> set[str]:
    """Run a command in a process of its own; return the modules it ends with."""
    command = [sys.executable, "-c", _RUN, json.dumps(arguments)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", _WITHOUT, ids=lambda given: given[0])
def test_a_command_imports_nothing_heavy_that_it_does_not_need(
    arguments: tuple[str, ...], lake: dict[str, str]
) -> None:
    loaded = _loaded([*arguments], lake)
    assert "click" in loaded
    assert (_NEVER | _WITHOUT[arguments]) & loaded == set()


def test_the_names_are_of_modules_that_a_refresh_or_an_import_does_load() -> None:
    """A misspelt name would forbid nothing."""
    from importlib.util import find_spec

    extras = {"fastapi", "pandas", "obstore", "qdrant_client", "lancedb"}
    names = _NEVER.union(*_WITHOUT.values()) - extras
    assert [name for name in sorted(names) if find_spec(name) is None] == []
