"""Each message of the package that prints a cure is followed by a test, or is told apart here."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.remedies.messages import Message, printed_cures

TESTS = Path(__file__).parent.parent
#: What is printed and is no cure: a value, a hint beside one, or a setting's own name.
TOLD_APART = (
    "--project is for standard input and output: over HTTP a key limits",
    "{}  (export SEMANTIC_ASSETS_EMULATOR_URL={})",
    'eval "$(_SEMANTIC_ASSETS_COMPLETE=',
    "_SEMANTIC_ASSETS_COMPLETE=fish_source",
)
#: Cures of what cannot be brought about on one machine, each with the reason.
NOT_TRIED: dict[str, str] = {
    "${} of this run's ${} is spent or committed": "a run whose quote was under its cap: "
    "tests/pipeline/costs/test_run_budget.py",
    "the index of {} was built by an earlier release": "such a version is made by hand: "
    "tests/pipeline/search/",
    "not in search yet: {}: `semantic-assets refresh` brings them in": "an answer to an agent: "
    "tests/mcp/",
    "FAILED, not in search: {}: `semantic-assets failures` says why": "the same",
    "nothing is known of a project {}: name one that": "an answer to a caller: tests/rest/, tests/mcp/",
    "{} has no passage: run `semantic-assets refresh`": "of a map: tests/rest/test_map.py",
    "the index is in Lance: set SEMANTIC_ASSETS_LANCE_URL": "only a lake in a bucket has no folder "
    "of tables: tests/bucket_and_postgres/",
    "set SEMANTIC_ASSETS_LEDGER_URL to a Postgres database": "docs/scaling.md moves a ledger, and "
    "its blocks are run: tests/interfaces/test_docs.py",
    "the ledger {} cannot be read as it is ({})": "needs a file system that cannot be written: "
    "tests/interfaces/test_reads_do_not_write.py",
    "{}, or set SEMANTIC_ASSETS_INDEX_BACKEND=exact": "needs a backend that finds the wrong rows: "
    "tests/index/test_backends.py",
    "the version before keeps serving. Run `semantic-assets index build` again": "the same",
    "a request was refused, %s: this server runs without keys": "a line of the log of a server: "
    "tests/rest/ asks one with keys and one without",
    "an index is not on disk: run `semantic-assets refresh`": "five versions are retired while one "
    "question is asked",
    "Choose one in the UI, or pass `--tags": "a run of Dagster: tests/interfaces/test_defs.py",
    "Nothing is lost. Where it waits, launch `refresh` again": "a run of Dagster: "
    "tests/interfaces/test_defs.py",
    "{}: what was handed over is kept and not all of it could be embedded": "of the library: "
    "tests/interfaces/test_semantic_core.py",
}
#: Those of Dagster: test_of_dagster.py runs every command that they name.
_OF_DAGSTER = "orchestration/reporting/remedies.py"


@cache
def followed() -> tuple[str, ...]:
    """List the pieces of messages that tests say they follow, from their marks."""
    found = []
    for path in TESTS.rglob("test_*.py"):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if "pytest.mark.cures" in source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.cures":
                found += [str(ast.literal_eval(one)) for one in node.args]
    return tuple(found)


@pytest.mark.parametrize("message", printed_cures(), ids=lambda one: f"{one.place}:{one.text[:40]}")
def test_every_message_that_prints_a_cure_is_followed(message: Message) -> None:
    known = (*followed(), *TOLD_APART, *NOT_TRIED)
    assert (
        message.place == _OF_DAGSTER
        or "pip install" in message.text  # test_of_settings.py knows the extras
        or any(piece in message.text for piece in known)
    )


def test_nothing_is_said_to_be_not_tried_that_is_followed() -> None:
    assert not {*NOT_TRIED} & {*followed()}


@pytest.mark.parametrize("piece", sorted({*followed(), *TOLD_APART, *NOT_TRIED}))
def test_every_piece_is_of_a_message(piece: str) -> None:
    assert any(piece in message.text for message in printed_cures())
