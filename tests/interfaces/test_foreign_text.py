"""Whatever a document, a name or a setting says: no command obeys it, hides it or breaks on it."""

import json
import logging
import re
import shlex
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from semantic_assets.cli import logs, main
from semantic_assets.cli.cells import add_row, show, table
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.text.foreign import exact_json, markdown, visible
from tests.interfaces.nasty import NAME, NASTY, harms, write_sources
from tests.interfaces.test_cli_every_command import SCRIPT

#: Besides the whole script: what a person may type, or a shell puts in for a pattern.
TYPED: tuple[tuple[str, ...], ...] = (
    ("search", NASTY, "-k", "9"),
    ("status", NASTY),
    ("results", NASTY),
    ("rm", NASTY, "--yes"),
    ("ingest", f"OUT/{NAME}", "-d", "acme/typed"),
    ("ingest", "OUT/in.txt", "-d", "acme/typed", "--name", f"{NAME}.txt"),
    ("ingest", f"OUT/{NAME}", "-d", NASTY),
    ("spend", "add", "1", "--note", NASTY),
    ("spend", "list"),
    ("keys", "create", "--project", NASTY, "--role", "read"),
    ("keys", "create", "--project", "acme", "--role", NASTY),
    ("sql", "SELECT title, text, uri, record_id, parse_error FROM documents"),
    ("sql", f'SELECT text AS "{NASTY.replace(chr(0), "").replace(chr(34), "")}" FROM chunks'),
    ("sql", NASTY),
    ("generate", "submit", "OUT/in.jsonl", "-t", "summary-en", "-n", NASTY, "--dry-run"),
    ("generate", "list", f"--{NASTY}"),
    (NASTY,),
    ("search", "heron", "-k", "9"),
    ("resolve", NASTY, "--fail"),
    ("index", "build", NASTY),
    ("import-vectors", f"OUT/{NAME}"),
    ("refresh", "--yes", "--mode", "sync"),
)


@pytest.fixture
def nasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_sources(tmp_path / "sources")
    for name in ("in.txt", "more.txt", NAME):
        (tmp_path / name).write_text(f"The lock is shut. {NASTY.replace(chr(0), '')}")
    rows = [{"id": f"{n} {NASTY}", "title": NASTY, "text": f"Heron {n}. {NASTY}"} for n in (1, 2)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    vectors = pa.table({"text": [NASTY], "vector": [[1.0] + [0.0] * 127]})
    pq.write_table(vectors, tmp_path / "paid.parquet")
    values = {"ROOT": "lake", "SOURCES": "sources"}
    for name, value in values.items():
        monkeypatch.setenv(f"SEMANTIC_ASSETS_{name}", str(tmp_path / value))
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    return tmp_path


def _require_harmless(typed: list[str]) -> Result:
    result = CliRunner().invoke(main, typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), typed
    assert "Traceback" not in result.output, (typed, result.output)
    assert harms(result.output) == [], (typed, result.output)
    return result


def _has_json(typed: list[str]) -> bool:
    command: click.Command = main
    for word in typed:
        if not isinstance(command, click.Group) or word not in command.commands:
            break
        command = command.commands[word]
    return any("--json" in one.opts for one in command.params)


@pytest.mark.dear
@pytest.mark.dear
def test_no_command_obeys_a_text(nasty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve_in_thread(nasty / "emulator", tier=1, latency_seconds=0.2)
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", server.base_url)
    job = ""
    lines = [shlex.split(line) for line, _, _ in SCRIPT]
    ends = next(n for n, line in enumerate(lines) if line[0] == "rm")
    for line in [*lines[:ends], *map(list, TYPED), *lines[ends:]]:
        if "JOB" in line and not job:
            rows = json.loads(CliRunner().invoke(main, ["jobs", "--json"]).stdout)
            job = next(row["job_id"] for row in rows if row["stage"] == "COMPLETED")
        typed = [word.replace("JOB", job).replace("OUT", str(nasty)) for word in line]
        _require_harmless(typed)
        if _has_json(typed) and typed[0] not in ("migrate", "rm"):
            _require_harmless([*typed, "--json"])
    server.stop()


@pytest.mark.dear
def test_texts_are_found_and_stay_exact_as_json(
    nasty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve_in_thread(nasty / "emulator", tier=1, latency_seconds=0.2)
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", server.base_url)
    assert _require_harmless(["refresh", "--yes", "--mode", "sync"]).exit_code == 1  # acme/broken
    shown = _require_harmless(["search", "heron", "-k", "9"]).output
    assert "[/etc/ferry.conf]" in re.sub(r"[\s│┃]+", "", shown)
    rows = json.loads(_require_harmless(["search", "heron", "-k", "9", "--json"]).stdout)
    titles = {row["title"] for row in rows}
    assert any(title and "\x1b]52;" in title for title in titles)
    server.stop()


def test_a_cell_is_drawn_and_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    made = table(NASTY, "b", title=NASTY)
    add_row(made, NASTY, "two\nlines")
    show(made)
    shown = capsys.readouterr().out
    assert harms(shown) == []
    assert "[bold]not[/bold]" in re.sub(r"[\s│┃]+", " ", shown)
    assert ":smile:" in shown
    assert Console().render_str(":smile:").plain != ":smile:"  # Rich would have


def test_json_is_exact_and_raw_of_nothing() -> None:
    value = {NASTY: [NASTY, "\ud800", "\U000e0041", "é漢"]}
    text = exact_json(value, indent=2)
    assert json.loads(text) == value
    assert harms(text) == []
    assert "é漢" in text


def test_markdown_shows_a_text_and_no_link() -> None:
    shown = markdown(NASTY)
    assert harms(shown) == []
    assert not re.search(r"(?<!\\)[\[\]()<>!*_`|:#]", shown)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown) == visible(" ".join(NASTY.split()))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_log_line_is_one_line(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up("info", as_json=as_json)
        logging.getLogger("semantic_assets").info("it says %s\nINFO forged", NASTY)
        try:
            raise ValueError(f"{NASTY} api_key=AIzaSyA-0123456789-0123456789-012345678")
        except ValueError:
            logging.getLogger("semantic_assets").exception("it failed")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    shown = capsys.readouterr().err
    assert harms(shown) == []
    assert "\nINFO forged" not in shown
    assert "AIza" not in shown
