"""What docs/ says is so: its blocks run, and what it names is there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from semantic_assets.cli import main
from semantic_assets.gemini.batch_service import DEVELOPER_DEADLINES
from semantic_assets.lake import layout
from semantic_assets.ledger.leases import TTL_SECONDS
from semantic_assets.ledger.scopes import _FLOOR, _REGROW_SECONDS
from semantic_assets.model.batch_job import FINAL, MOVES, STAGE_OF
from semantic_assets.model.catalog import EMBEDDING_MODELS
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.batch_jobs.poll import (
    ABANDON_LISTINGS,
    ABANDON_SECONDS,
    GONE_AFTER_SECONDS,
)
from semantic_assets.pipeline.batch_jobs.submit import MAX_CREATE_DELAY_SECONDS
from semantic_assets.pipeline.reports.status import Status
from semantic_assets.settings.settings import PREFIX, Settings, known_variables
from tests.factories import BLANK
from tests.interfaces import capacity_table, costs_table, generation_costs, reference, swaps_table
from tests.interfaces.told_curl import one_answer, put_curl, refusals
from tests.interfaces.warm_command import warm_command
from tests.services.readers import READERS, needs_reader
from tests.thrift import one_authority

PROJECT = Path(__file__).resolve().parents[2]
PAGES = {path.name: path.read_text() for path in sorted((PROJECT / "docs").glob("*.md"))}
RUNNABLE = [name for name, page in PAGES.items() if re.search(r"^```(bash|python)$", page, re.M)]
#: Of the numbers in the blocks: what the page is about is the size, not the waiting.
SMALLER = {"12_000": "60", "1_000": "40"}
#: What the last lines of a page's run must say.
SAYS = {
    "dagster.md": (),  # definitions say nothing
    "operations.md": ("nothing to see to", "3 indexes built"),
    "migration.md": ("is searched in gemini-embedding-2-768", "nothing new: nothing was sent"),
    "generation.md": ("The kiln is fired on Fridays", "The wheel turns to the left", "is_changed"),
    "quickstart.md": (
        'text = "body"',
        "A weir keeps the level of the river above it.",
        "Open valve 3 before pump 3 is started.",
        "The wheel of sluice 7 is turned until the mark is level.",
        "40 │",
        "texts sent in 1 job, 1 index built",
    ),
    "coming_from.md": (
        "collected",
        " vectors",
        "The kiln is fired on Fridays.",
        "True",
        "The wheel",
    ),
    "costs.md": ("24,545,455",),
    "search.md": ("The winch is greased every second week.", "E-1042", "False"),
    "exports.md": ("cosine", "rows, metadata:", "0 shards written, 1 as they were"),
    "rest.md": (
        "The ferry leaves at nine.",
        "semantic_assets_open_jobs 0.0",
        "acme",
        "waits for the tide",
    ),
}

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(?<![\w-])semantic-assets ((?![A-Z])[^`\n]+)")
_SHELL = re.compile(r"\s(?:\|\|?|&&|>>?|#|;)\s.*$")


class Block(NamedTuple):
    language: str
    text: str


@cache
def blocks(name: str) -> tuple[Block, ...]:
    return tuple(Block(*found) for found in _FENCE.findall(PAGES[name]))


def prose(name: str) -> str:
    return _FENCE.sub("", PAGES[name])


def _script(name: str) -> str:
    """The whole page as one session, as a reader pastes it."""
    parts = ["set -euo pipefail"]
    for number, (language, text) in enumerate(blocks(name)):
        for said, meant in SMALLER.items():
            text = text.replace(said, meant)
        if language == "bash":
            parts.append(f"echo '--- block {number}' >&2\n{text}")
        elif language == "python":
            parts.append(f"echo '--- block {number}' >&2\npython - <<'PAGE'\n{text}PAGE\n")
    return "\n".join(parts)


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `semantic-assets` and `python` of this checkout."""
    folder = tmp_path_factory.mktemp("bin")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    put_curl(folder)
    with warm_command(folder):
        yield folder


@pytest.mark.dear
@pytest.mark.sample(3)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[needs_reader("pandas")] if name == "exports.md" else [])
        for name in RUNNABLE
    ],
)
def test_every_block_runs_in_order(name: str, tmp_path: Path, binaries: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    if name != "quickstart.md":  # which makes its own
        shutil.copytree(PROJECT / "data" / "sources", work / "sources")
    environ = {
        "PATH": f"{binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{PROJECT}:{READERS}",
        "PYTHONWARNINGS": "ignore",
        **one_authority(),
        "HOME": str(tmp_path),
        **BLANK,
        PREFIX + "EMULATOR_LATENCY_SECONDS": "0.2",
    }
    done = subprocess.run(
        ["bash", "-c", _script(name)],
        cwd=work,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert refusals(done.stderr) == [], f"{done.stdout}\n{done.stderr}"
    for said in SAYS[name]:
        assert said in done.stdout


def test_an_example_that_is_refused_does_not_pass(tmp_path: Path) -> None:
    put_curl(tmp_path)
    with one_answer(404, "application/problem+json") as url:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"curl -s {url}/v1/nothing > answer.json"],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert (tmp_path / "answer.json").read_text() == "{}"
    assert refusals(done.stderr) == ["curl was answered 404 application/problem+json"]


def test_only_what_cannot_run_is_not_run() -> None:
    languages = {block.language for name in PAGES for block in blocks(name)}
    assert languages <= {
        *("bash", "python", "text", "mermaid"),
        *("json", "toml", "yaml", "console"),
    }
    assert set(RUNNABLE) == set(SAYS)


def _commands(name: str) -> list[str]:
    """What stands behind `semantic-assets`, up to the end of the code or of the shell's word."""
    code = [block.text for block in blocks(name) if block.language in ("bash", "text")]
    spans = re.findall(r"`([^`]+)`", prose(name))
    joined = "\n".join([*code, *(" ".join(span.split()) for span in spans)])
    return [_SHELL.sub("", found) for found in _COMMAND.findall(joined.replace("\\\n", " "))]


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"cli.md"}))  # that one is generated
def test_every_command_is_there_and_takes_what_it_is_given(name: str) -> None:
    for line in _commands(name):
        words = shlex.split(line)
        command: click.Command = main
        while isinstance(command, click.Group):
            assert words, line
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        context = click.Context(command, help_option_names=["-h", "--help"])
        _, left, _ = command.make_parser(context).parse_args(args=words)
        assert not left, line


def test_commands_are_found_in_blocks_and_in_prose() -> None:
    found = _commands("operations.md")
    assert "refresh --no-wait --yes" in found
    assert "resolve JOB --adopt batches/NAME" in found
    assert len(found) > 60


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"transcripts.md"}))  # some are mistyped
def test_every_setting_named_is_one(name: str) -> None:
    assert set(re.findall(rf"{PREFIX}\w+", PAGES[name])) <= known_variables()


def _anchors(name: str) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.+)$", prose(name), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(name)):
        page, _, anchor = target.partition("#")
        assert page in PAGES or (PROJECT / "docs" / page).is_file(), target
        assert not anchor or anchor in _anchors(page), target


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_page_is_linked_from_the_readme(name: str) -> None:
    assert f"](docs/{name})" in (PROJECT / "README.md").read_text()


def test_the_diagram_has_the_states_and_the_moves_of_the_model() -> None:
    [diagram] = [text for language, text in blocks("architecture.md") if language == "mermaid"]
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {(str(of), str(to)) for of, found in MOVES.items() for to in found}
    assert len(diagram.splitlines()) == len(drawn) + 2  # the kind of diagram, and where it begins


def _rows(name: str, columns: int) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in prose(name).splitlines() if "|" in line]
    return [row for row in rows if len(row) == columns]


def test_the_table_of_states_has_each_with_its_stage() -> None:
    rows = {tuple(row[:2]): row[2] for row in _rows("architecture.md", 3)}
    for state, stage in STAGE_OF.items():
        assert ("Final" in rows[f"`{state}`", str(stage)]) == (state in FINAL), state


def test_the_table_of_files_is_the_layout() -> None:
    dataset = DatasetKey("p", "d")
    shard = ShardKey(dataset, 0)
    paths = {
        layout.documents(shard),
        layout.amendment(layout.documents(shard), 1),
        layout.chunks(shard),
        layout.embeddings("SPACE", shard),
        layout.results("SPACE", "JOB"),
        layout.retries_dir("SPACE"),
        layout.manifest("JOB"),
        layout.download("JOB"),
        layout.key_index("SPACE"),
        layout.query_vectors("SPACE"),
        layout.index_version(dataset, "SPACE", 0),
        layout.LEDGER_FILE,
        layout.LEDGER_EVENTS,
        layout.LEDGER_ID_FILE,
    }
    upper = {
        path.replace("=p/", "=P/").replace("=d/", "=D/").replace("/p/d/", "/P/D/") for path in paths
    }
    section = PAGES["architecture.md"].split("## Files of the lake")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)) == upper


def test_every_file_named_as_the_place_of_a_behaviour_is_there() -> None:
    section = PAGES["architecture.md"].split("| behaviour | file |")[1].split("\n## ")[0]
    named = re.findall(r"`([\w/]+\.py)`", section)
    assert len(named) > 25
    assert [name for name in named if not (PROJECT / "semantic_assets" / name).is_file()] == []


def test_the_layout_names_every_package() -> None:
    section = PAGES["architecture.md"].split("## Layout of the code")[1].split("\n## ")[0]
    named = {
        name
        for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    package = PROJECT / "semantic_assets"
    folders = {path.parent for path in package.rglob("__init__.py")} - {package}
    top = {path.name for path in folders if path.parent == package}
    pipeline = {path.name for path in folders if path.parent == package / "pipeline"}
    assert named == {*top, *pipeline, "errors", "store", "definitions"}


def test_each_word_of_the_glossary_is_told_from_others() -> None:
    rows = [row for row in _rows("glossary.md", 3) if not row[0].startswith(("-", "word"))]
    assert len(rows) > 30
    assert len({row[0] for row in rows}) == len(rows)
    assert all(len(row[1]) > 20 and len(row[2]) > 20 for row in rows)


def test_limits_are_those_of_the_code() -> None:
    said = " ".join(prose("architecture.md").split())
    for limit, value in (
        ("older than", f"{MAX_CREATE_DELAY_SECONDS:.0f} s"),
        (
            "given up after",
            f"more than {ABANDON_LISTINGS} complete listings without it, over at least "
            f"{ABANDON_SECONDS / 60:.0f} min",
        ),
        ("requested after", f"{DEVELOPER_DEADLINES.cancel / 3600:.0f} h"),
        ("never ends is given up after", f"{DEVELOPER_DEADLINES.abandon / 3600:.0f} h"),
        ("heartbeat expires after", f"{TTL_SECONDS:.0f} s"),
        ("is FAILED", f"{Settings.__dataclass_fields__['max_attempts'].default}"),
    ):
        assert f"{limit} | {value}" in said
    assert GONE_AFTER_SECONDS == 600
    assert "two 404s, ten minutes apart" in said
    assert (_FLOOR, _REGROW_SECONDS) == (10, 3_600.0)
    assert "keeps a tenth of what is configured and is back after an hour" in prose("operations.md")


@cache
def _source() -> str:
    """All literals of the package's modules, as one text: f-strings as they are written."""
    files = sorted((PROJECT / "semantic_assets").rglob("*.py"))
    joined = "\n".join(path.read_text() for path in files)
    return re.sub(r'"\n\s*f?"', "", joined)  # a message over several lines


def test_every_message_named_as_a_symptom_is_said_by_the_package() -> None:
    found = [
        phrase
        for row in _rows("operations.md", 3)
        for phrase in re.findall(r"`([^`]+)`", row[0])
        if " " in phrase
    ]
    assert len(found) > 20
    said = [phrase for phrase in found if phrase.removeprefix("400 ") not in _source()]
    assert said == []


def test_every_key_to_watch_is_one_of_status() -> None:
    section = PAGES["operations.md"].split("## Monitoring")[1].split("\n## ")[0]
    keys = {
        key
        for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        for key in re.findall(r"`([\w.]+)`", cell)
    }
    assert len(keys) > 8
    bill = {f"bill.{name}" for name in Status.__annotations__["bill"].__dataclass_fields__}
    assert keys <= {*Status.__dataclass_fields__, *bill}


def test_the_tables_of_costs_are_what_estimate_says() -> None:
    page = PAGES["costs.md"]
    assert costs_table.written(page) == page
    quotes = costs_table.quotes(model=costs_table.MODELS[0], tier=1)
    of_articles = dict(zip(costs_table.ARTICLES, quotes, strict=True))
    quickstart = prose("quickstart.md")
    assert f"are {of_articles[1_000].window_fills} fills of the window" in quickstart
    assert f"one fill of about {of_articles[12_000].window_fills} for" in quickstart
    assert round(of_articles[10].realtime_usd, 4) == 0.0031  # "a third of a cent"


def test_prices_of_generated_text_are_those_of_the_catalogue_by_hand() -> None:
    # 1,000 articles of 9,000 characters, 4.4 to a token, and 120 tokens of answer each.
    text, answer = 9_000 / 4.4 * 1_000, 120 * 1_000
    dollars = generation_costs.usd("gemini-3.5-flash-lite", 1_000, is_batch=True, day="2026-11-30")
    words = generation_costs.tokens_in(1_000) - text
    assert 20_000 < words < 150_000  # of the task, around each article
    by_hand = ((text + words) * 0.15 + answer * 1.25) / 1e6
    assert dollars == pytest.approx(by_hand, rel=1e-6)
    assert (
        f"| gemini-3.5-flash-lite | 1,000 | {text + words:,.0f} | 120,000 | ${by_hand:.4f} |"
        in (PAGES["costs.md"])
    )
    before, after = (
        generation_costs.usd("gemini-3.8-flash", 10, is_batch=False, day=day)
        for day in ("2026-12-31", "2027-01-01")
    )
    assert after == pytest.approx(2 * before)


def test_the_page_on_more_machines_has_the_figures_of_capacity() -> None:
    page = PAGES["scaling.md"]
    assert capacity_table.written(page) == page


@pytest.mark.parametrize("tier", costs_table.TIERS)
def test_canaries_are_at_most_two_percent_of_what_is_quoted(tier: int) -> None:
    model = costs_table.MODELS[0]
    for quote in costs_table.quotes(model=model, tier=tier)[1:]:
        batch = quote.tokens * EMBEDDING_MODELS[model].batch_usd_per_mtok / 1e6
        assert 0.01 < (quote.usd - batch) / quote.usd <= 0.02
    assert "at most 2 % of the bill" in prose("costs.md")


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", swaps_table.SIZES[:-1])
def test_the_page_of_limits_says_which_swaps_are_seen(size: int) -> None:
    # Else: python -m tests.interfaces.swaps_table --write
    for line in swaps_table.rows_of(size):
        assert line in PAGES["limits.md"]


@pytest.mark.long
def test_the_page_of_limits_has_the_whole_table() -> None:
    assert swaps_table.written(PAGES["limits.md"]) == PAGES["limits.md"]


def test_prices_are_named_with_the_sources_of_the_catalogs() -> None:
    model = PROJECT / "semantic_assets" / "model"
    catalogs = "".join((model / name).read_text() for name in ("catalog.py", "chat_models.py"))
    dates = set(re.findall(r"20\d\d-\d\d(?:-\d\d)?", prose("costs.md")))
    assert len(dates) == 6
    assert all(date in catalogs for date in dates)
    for spec in EMBEDDING_MODELS.values():
        if spec.retired is not None:
            assert f"shut down on {spec.retired}; use `{spec.replacement}`" in PAGES["migration.md"]
            continue
        for usd in (spec.batch_usd_per_mtok, spec.realtime_usd_per_mtok):
            assert f"${usd:.3f}".rstrip("0") in prose("costs.md").replace("0.10", "0.1").replace(
                "0.20", "0.2"
            )


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_the_reference_is_what_the_code_has(name: str) -> None:
    # Else: python -m tests.interfaces.reference --write
    # In a process of its own: click keeps the help option a command was first asked for, by any test.
    command = [sys.executable, "-m", "tests.interfaces.reference", "--print", name]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    assert reference.written(PAGES[name], done.stdout) == PAGES[name]
