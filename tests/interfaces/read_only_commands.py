"""Run every read command and every GET over one lake; print what each answered, as JSON.

A process of its own: it runs inside a mount namespace in which the lake is read-only.
"""

import json
import sys
from pathlib import Path

from click.testing import CliRunner
from fastapi.testclient import TestClient

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.cli import main
from semantic_assets.rest.app import create_app

#: As they are typed. TASK stands for the name of a generation job, JOB for a batch job.
READS = (
    "status",
    "status JOB",
    "status TASK",
    "status acme/birds",
    "status acme",
    "jobs",
    "ls",
    "ls --pending --projects",
    "sql 'SELECT count(*) AS n FROM chunk_status'",
    "window",
    "failures",
    "verify",
    "estimate",
    "estimate --exact",
    "results JOB",
    "index list",
    "generate list",
    "generate status TASK",
    "generate results TASK",
    "keys list",
    "spend list",
    "doctor",
    "search heron -k 1",
    "search heron --mode words --group document",
    "capacity --articles 100",
    "cleanup --dry-run",
    "completion bash",
)
#: Commands that change something, serve, or write what they are for.
WRITES = {
    *(
        "init",
        "add",
        "probe",
        "ingest",
        "send",
        "collect",
        "refresh",
        "cancel",
        "resolve",
    ),
    *(
        "retry",
        "recover",
        "import-vectors",
        "reindex",
        "rm",
        "migrate",
        "compact",
        "quality",
        "serve",
        "mcp",
    ),
    *("emulator", "submit-contents", "index build", "index rollback", "index switch"),
    *("export", "map", "index export", "generate submit", "generate retry", "generate regenerate"),
    *("generate stop", "keys create", "keys revoke", "spend add", "spend remove"),
}


def commands(names: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Return exit code and output of each read command."""
    found = {}
    for typed in READS:
        line = typed
        for name, value in names.items():
            line = line.replace(name, value)
        result = CliRunner().invoke(main, _split(line))
        trouble = "" if result.exception is None else repr(result.exception)
        found[typed] = (result.exit_code, result.output + trouble)
    return found


def routes(root: Path, names: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Return status and body of each GET that the API declares."""
    parameters = {
        "{batch_id}": names["JOB"],
        "{name}": names["TASK"],
        "{project}": "acme",
        "{dataset}": "birds",
        "{document}": "heron.txt",
    }
    app = create_app(SemanticCore(root), needs_key=False, limits=None)
    found = {}
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        for path, methods in client.get("/openapi.json").json()["paths"].items():
            if "get" in methods:
                address = path
                for parameter, value in parameters.items():
                    address = address.replace(parameter, value)
                answer = client.get(address)
                found[path] = (answer.status_code, answer.text)
    return found


def _split(line: str) -> list[str]:
    import shlex

    return shlex.split(line)


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    answers = {"commands": commands(given), "routes": routes(Path(sys.argv[1]), given)}
    sys.stdout.write("\n" + json.dumps(answers) + "\n")
