"""The reference pages as the code has them: `python -m tests.interfaces.reference --write`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from semantic_assets.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BEGIN, _END = "<!-- begin: generated -->", "<!-- end: generated -->"


def cli_page() -> str:
    """Every command with its help, as `--help` prints it."""
    return "\n".join(_commands(main, "semantic-assets"))


def _commands(command: click.Command, name: str) -> Iterator[str]:
    # As below the main command: click keeps the names of the help option it was asked for first.
    settings = {"help_option_names": main.context_settings["help_option_names"]}
    context = click.Context(
        command, info_name=name, max_content_width=80, terminal_width=80, **settings
    )
    level = "##" if " " not in name else "###"
    yield f"{level} {name}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        shown = (name for name, one in command.commands.items() if not one.hidden)
        for child in sorted(shown):
            yield from _commands(command.commands[child], f"{name} {child}")


def rest_page() -> str:
    """Every route: what it does, who may, what it takes."""
    rows = ["| route | what it does | key | parameters |", "|---|---|---|---|"]
    for path, methods in _schema()["paths"].items():
        for method, operation in methods.items():
            rows.append(
                f"| `{method.upper()} {path}` | {_first_line(operation)} | {_role(path, method)} "
                f"| {_parameters(operation)} |"
            )
    return "\n".join(rows) + "\n"


def _schema() -> Any:
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.rest.app import create_app

    with TemporaryDirectory() as folder:
        core = SemanticCore(folder)
        found = create_app(core, needs_key=True).openapi()
        core.close()
    return found


def _first_line(operation: Any) -> str:
    return str(operation["description"]).split("\n", maxsplit=1)[0]


def _role(path: str, method: str) -> str:
    """Held against the server by tests/rest/test_access.py."""
    if path in ("/healthz", "/readyz"):
        return "none"
    if "{project}" in path:
        return "read" if method == "get" else "write"
    if path.removeprefix("/v1/") in ("search", "facets", "corpus", "estimate", "datasets"):
        return "read, of its own projects"
    return "read, `*`" if method == "get" else "admin, `*`"


def _parameters(operation: Any) -> str:
    given = [f"`{one['name']}`" for one in operation.get("parameters", ()) if one["in"] != "path"]
    content = operation.get("requestBody", {}).get("content", {})
    given += [f"{kind} body" for kind in content]
    return ", ".join(given)


def written(page: str, generated: str) -> str:
    """The page with its generated part made anew."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n\n{generated}\n{_END}{after}"


PAGES = {"cli.md": cli_page, "rest.md": rest_page}

if __name__ == "__main__" and "--print" in sys.argv:
    sys.stdout.write(PAGES[sys.argv[-1]]())
elif __name__ == "__main__" and "--write" in sys.argv:
    for name, make in PAGES.items():
        path = DOCS / name
        path.write_text(written(path.read_text(), make()))
