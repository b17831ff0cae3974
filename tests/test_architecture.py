"""Imports point one way, each outside thing has one door, and importing does nothing."""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "semantic_assets"
MAX_LINES = 300

#: The most modules a folder may hold, and the fewest that make one worth having.
MAX_MODULES, MIN_MODULES = 20, 2

#: What each part imports of the others: no more than is allowed, and no less. The emulator stands alone.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "model": {"errors"},
    "text": set(),
    "batching": {"errors", "model", "text"},
    "system": set(),
    "objects": {"errors", "system", "text"},
    "parsing": {"errors", "model", "text"},
    "sandbox": {"model", "parsing", "settings"},
    "settings": {"batching", "errors", "model", "objects", "parsing", "text"},
    "sources": {"model", "objects", "parsing", "settings", "text"},
    "lake": {"errors", "model", "objects", "system"},
    "intake": {"errors", "model", "system", "text"},
    "ledger": {"errors", "model", "system", "text"},
    "lineage": {"errors", "lake", "ledger"},
    "index": {"errors", "model", "system"},
    "emulator": set(),
    "gemini": {"emulator", "errors", "model", "settings", "text"},
    "store": {
        *("errors", "index", "lake", "ledger", "lineage", "model", "objects", "settings"),
        *("sources", "system"),
    },
    "pipeline": {
        *("batching", "errors", "gemini", "index", "intake", "lake", "ledger", "lineage"),
        *("model", "objects", "parsing", "sandbox", "settings", "sources", "store", "system"),
        "text",
    },
    "api": {
        *("errors", "gemini", "index", "ledger", "model", "pipeline", "settings"),
        *("store", "system", "text"),
    },
    "mcp": {"api", "errors", "model", "pipeline", "text"},
    "rest": {"api", "errors", "lake", "mcp", "model", "pipeline", "sandbox", "system"},
    "cli": {
        *("api", "errors", "gemini", "index", "lake", "ledger", "mcp", "model", "pipeline"),
        *("rest", "settings", "store", "text"),
    },
    "orchestration": {
        *("api", "errors", "gemini", "lake", "ledger", "model", "pipeline", "settings", "store"),
        "text",
    },
    "defs": {"orchestration"},
    "definitions": {"defs", "settings"},
    "__init__": {"api", "model", "orchestration"},
    "__main__": {"cli"},
}
#: Packages of pipeline/, each of which may import those before it.
PIPELINE = (
    *("pending", "vector_index", "generation", "discovery", "documents", "additions", "chunks"),
    "costs",
    *(
        "product_kinds",
        "answers",
        "batch_jobs",
        "embeddings",
        "reports",
        "search",
        "exports",
        "flows",
        "generation_jobs",
    ),
    *("scheduling", "maintenance"),
)
#: What follows an answer is another report for each: `embeddings` and `flows` stand after the kinds.
TOLD_APART = {"flows.advance", "flows.apply_outputs"}
#: Interfaces and the emulator name their modules for themselves.
_INTERFACES = {
    *(
        "api",
        "mcp",
        "rest",
        "cli",
        "orchestration",
        "defs",
        "emulator",
        "definitions",
        "__init__",
        "__main__",
    )
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _package_files() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


def _module(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> frozenset[str]:
    return frozenset(_module(path) for path in _package_files())


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _part_of_module(module: str) -> str:
    return module.split(".")[1]


@cache
def _imports(path: Path) -> frozenset[str]:
    """Every module a file imports, at any depth; `from a import b` is of a.b where b is a module."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                found.update({name} if name in _modules() else {node.module, name})
    return frozenset(found)


def _own_imports(path: Path) -> frozenset[str]:
    return _imports(path) & _modules() - {"semantic_assets"}


def test_every_part_of_the_package_has_a_place_in_the_order() -> None:
    assert {_part(path) for path in _package_files()} == set(MAY_IMPORT)


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_imports_point_one_way_and_none_is_allowed_in_reserve(part: str) -> None:
    found = {
        _part_of_module(name)
        for path in _package_files()
        if _part(path) == part
        for name in _own_imports(path)
    }
    assert found - {part} == MAY_IMPORT[part]


def _package_of(module: str) -> str | None:
    """The package of pipeline/ that a module is in."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == ["pipeline"] and len(parts) > 2 else None


def test_packages_of_the_pipeline_import_only_those_before_them() -> None:
    wrong = [
        f"{_module(path)} imports {name}"
        for path in _package_files()
        if (package := _package_of(_module(path)))
        for name in _own_imports(path)
        if (other := _package_of(name)) and PIPELINE.index(other) > PIPELINE.index(package)
    ]
    assert wrong == []


def _tells_products_apart(node: ast.AST) -> bool:
    """Calls of `is_task`, and of `isinstance` for a task or a space."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    named = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
    return node.func.id == "is_task" or (
        node.func.id == "isinstance" and bool(named & {"GenerationTask", "EmbeddingSpace"})
    )


def test_spaces_and_tasks_are_told_apart_in_one_place_of_the_pipeline() -> None:
    found = {
        ".".join(_module(path).split(".")[2:])
        for path in _package_files()
        if _package_of(_module(path)) not in (None, "product_kinds", "generation")
        and any(map(_tells_products_apart, ast.walk(_tree(path))))
    }
    assert found == TOLD_APART


def test_jobs_know_of_generation_only_by_their_kind() -> None:
    wrong = [
        f"{_module(path)} imports {name}"
        for path in _package_files()
        if _package_of(_module(path)) == "batch_jobs"
        for name in _own_imports(path)
        if _package_of(name) == "generation"
    ]
    assert wrong == []


def test_every_package_of_the_pipeline_has_a_place_in_the_order() -> None:
    packages = {_package_of(_module(path)) for path in _package_files()} - {None}
    assert packages == set(PIPELINE)


def test_a_folder_holds_two_to_twenty_modules() -> None:
    sizes = Counter(path.parent for path in _package_files() if path.stem != "__init__")
    sizes.pop(PACKAGE)
    wrong = {
        str(folder.relative_to(PROJECT)): size
        for folder, size in sizes.items()
        if not MIN_MODULES <= size <= MAX_MODULES
    }
    assert wrong == {}


def test_no_two_modules_below_the_interfaces_have_one_name() -> None:
    names = Counter(
        path.stem
        for path in _package_files()
        if _part(path) not in _INTERFACES and path.stem != "__init__"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_public_name_stands_twice_in_the_pipeline() -> None:
    names = Counter(
        node.name
        for path in _package_files()
        if _part(path) == "pipeline"
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_only_the_endpoint_starts_the_emulator() -> None:
    users = {
        _module(path)
        for path in _package_files()
        if _part(path) != "emulator"
        and any(_part_of_module(name) == "emulator" for name in _own_imports(path))
    }
    assert users == {"semantic_assets.gemini.endpoint"}


#: What changes a lake or a ledger, by the name it is called by.
_CHANGES = frozenset(
    [
        *("writing", "replacing", "updating_table", "write_text", "delete", "delete_tree"),
        *("publish_tree", "write", "note", "record", "forget", "pin", "repin", "stop", "resume"),
        *("move", "insert", "insert_if_fits", "register", "adopt", "aim", "acquire", "holding"),
        *("trying", "feed", "feed_all", "feed_shards", "feed_landed", "assemble", "discover"),
    ]
)


def _calls(node: ast.AST) -> set[str]:
    called = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return {
        of.attr if isinstance(of, ast.Attribute) else of.id
        for of in called
        if isinstance(of, ast.Attribute | ast.Name)
    }


def test_what_reports_has_no_call_that_changes_anything() -> None:
    wrong = {
        f"{_module(path)}.{node.name}: {', '.join(sorted(changes))}"
        for path in _package_files()
        if _part(path) == "pipeline"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef)
        if _package_of(_module(path)) == "reports"
        or node.name.endswith("_status")
        or node.name.startswith(("list_", "show_"))
        if (changes := _calls(node) & _CHANGES)
    }
    assert wrong == set()


def test_no_module_imports_itself_through_others() -> None:
    graph = {_module(path): _own_imports(path) for path in _package_files()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(
    ("library", "parts"),
    [
        ("dagster", {"definitions", "defs", "orchestration"}),
        ("google", {"gemini"}),
        ("httpx2", {"gemini"}),
        ("httpx", set()),
        ("sqlalchemy", {"ledger"}),
        ("simdjson", {"batching"}),
        ("starlette", {"emulator", "rest"}),
        ("uvicorn", {"emulator", "rest"}),
        ("fastapi", {"rest"}),
        ("prometheus_client", {"rest"}),
        ("click", {"cli"}),
        ("pydantic", {"mcp", "orchestration", "rest", "settings"}),
        ("mcp", {"mcp"}),
        ("mcp_types", {"mcp"}),
        ("faiss", {"index"}),
        ("qdrant_client", {"index"}),
        ("lancedb", {"index"}),
        ("dagster_celery", {"orchestration"}),
    ],
)
def test_an_outside_thing_has_one_door(library: str, parts: set[str]) -> None:
    users = {
        _part(path)
        for path in _package_files()
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    assert users == parts


def test_only_config_reads_the_environment() -> None:
    readers = {
        _module(path)
        for path in _package_files()
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "environb", "getenv"))
    }
    assert readers == {"semantic_assets.settings.settings"}


def test_commands_print_through_the_cells_alone() -> None:
    """There every text from elsewhere is made visible; a second way out would forget to."""
    ways = {"echo", "secho", "confirm", "prompt", "print", "Console", "Table", "escape"}
    wrong = {
        f"{_module(path)}: {name}"
        for path in _package_files()
        if _part(path) == "cli" and path.stem not in ("cells", "progress")
        for name in _calls(_tree(path)) & ways
    }
    assert wrong == set()


def test_nothing_is_mocked() -> None:
    python = [
        path
        for folder in ("semantic_assets", "tests", "benchmarks")
        for path in (PROJECT / folder).rglob("*.py")
        if ".peers" not in path.parts  # the environments of benchmarks
    ]
    assert len(python) > len(_package_files())
    assert not [path for path in python if any("mock" in name.lower() for name in _imports(path))]


def test_no_file_of_the_package_is_over_300_lines() -> None:
    long = {
        _module(path): lines
        for path in _package_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_the_emulator_runs_without_the_rest_of_the_package_in_memory() -> None:
    loaded = _loaded_by("import semantic_assets.emulator.server")
    ours = {name for name in loaded if name.startswith("semantic_assets.")}
    assert ours
    assert {_part_of_module(name) for name in ours} == {"emulator"}


@pytest.mark.parametrize("module", ["semantic_assets", "semantic_assets.cli"])
def test_starting_the_command_line_imports_nothing_slow(module: str) -> None:
    slow = {"dagster", "duckdb", "pyarrow", "google.genai", "pandas", "sqlalchemy", "numpy"}
    assert not slow & _loaded_by(f"import {module}")


def _loaded_by(statement: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(shown.stdout.split())


_WATCHED_IMPORT = """
import json, sys
seen = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        seen.append(event)
    elif event == "open" and str(arguments[0]).endswith((".env", ".sqlite3", ".parquet")):
        seen.append(f"open {arguments[0]}")

sys.addaudithook(watch)
import semantic_assets.definitions
keys = semantic_assets.definitions.defs().resolve_all_asset_keys()
print(json.dumps({"seen": seen, "assets": sorted(key.to_user_string() for key in keys)}))
"""


def test_importing_the_definitions_reads_no_setting_opens_no_socket_and_writes_no_file(
    tmp_path: Path,
) -> None:
    cwd, home = tmp_path / "cwd", tmp_path / "home"
    cwd.mkdir()
    home.mkdir()
    # Settings that cannot be loaded: reading them would raise.
    bad = {"SEMANTIC_ASSETS_BACKEND": "nonsense", "SEMANTIC_ASSETS_TIER": "x"}
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    shown = subprocess.run(
        [sys.executable, "-c", _WATCHED_IMPORT],
        check=True,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**kept, **bad, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    found = json.loads(shown.stdout)
    assert found["seen"] == []
    assert {"documents", "chunks", "batch_jobs", "embeddings", "vector_index"} <= set(
        found["assets"]
    )
    assert list(cwd.iterdir()) == []
    assert list(home.iterdir()) == []


#: Words that were given up for one of the field; docs/glossary.md has those in use.
_GIVEN_UP = frozenset(
    {
        *("HoldUp", "held_back", "too_few", "purse", "purses", "require_purse", "ripe", "bring_in"),
        *("at_once", "embed_at_once", "cut_all", "cut_documents", "documents_cut", "Uncut"),
        *("distrusted", "not_trusted", "unknown_remote", "forget_check", "saying_what_to_do"),
        *("Shown", "drain", "telling", "cure", "cures", "answers_mark", "kept_generations"),
    }
)


def _names(path: Path) -> set[str]:
    """Every name a module gives or uses."""
    found: set[str] = {path.stem}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def test_no_name_uses_a_word_that_was_given_up() -> None:
    used = {_module(path): _names(path) & _GIVEN_UP for path in _package_files()}
    assert {module: words for module, words in used.items() if words} == {}


def test_functions_that_report_call_nothing_that_writes() -> None:
    """Modules of reports/, and functions named *_status or *_report, of the pipeline."""
    writing = {"writing", "replacing", "move", "note", "pin", "record", "adopt", "decide_space"}
    wrong = [
        f"{_module(path)}: {node.func.attr}"
        for path in _package_files()
        if _package_of(_module(path)) == "reports"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in writing
    ]
    wrong += [
        f"{_module(path)}.{function.name}: {node.func.attr}"
        for path in _package_files()
        if _part(path) == "pipeline"
        for function in ast.walk(_tree(path))
        if isinstance(function, ast.FunctionDef) and function.name.endswith(("_status", "_report"))
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in writing
    ]
    assert wrong == []
