"""Commands of the queue, doctor, keys and serve, as they are typed."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main
from semantic_assets.cli.progress import progress, progress_reporter
from semantic_assets.emulator.server import RunningServer
from semantic_assets.model.wording import CalmProgress, DetailLine, ProgressLine
from semantic_assets.pipeline.maintenance.doctor import plain_http
from semantic_assets.settings.settings import Settings
from tests.interfaces.transcripts.screen import seen

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")

    def invoke(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=input)

    yield invoke
    logging.getLogger("semantic_assets").setLevel(logging.NOTSET)


def _stall(emulator: RunningServer) -> None:
    """The next job does not end."""
    fault = {"name": "stuck-running", "times": 1, "parameters": {"seconds": 1e6}}
    answer = httpx2.post(f"{emulator.base_url}/emulator/faults", json=fault)
    assert answer.status_code == 200, answer.text


def _found(result: Result) -> object:
    return json.loads(result.stdout)


def _ingest(run: Run, tmp_path: Path, count: int = 3) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"n{number}.txt").write_text(f"Gate {number} is shut at night.")
    assert run("ingest", str(tmp_path / "in"), "-d", "acme/gates").exit_code == 0


def test_a_folder_is_taken_in_flushed_collected_and_found(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    assert "3 wait to be chunked" in run("status").stdout
    sent = _found(run("send", "--json"))
    assert isinstance(sent, dict)
    assert (sent["texts"], sent["waiting_texts"]) == (3, 0)
    assert run("collect", "--watch", "--interval", "0").exit_code == 0
    (hit,) = json.loads(run("search", "Gate 1 is shut at night.", "-k", "1", "--json").stdout)
    assert hit["uri"] == "acme/gates/_ingested/n1.txt"


def test_old_names_of_commands_work_and_are_not_advertised(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    assert json.loads(run("sync", "--json").stdout) == json.loads(run("collect", "--json").stdout)
    quotes = [json.loads(run(name, "--dry-run", "--json").stdout) for name in ("flush", "send")]
    assert quotes[0] == quotes[1]
    assert json.loads(run("flush", "--json").stdout)["texts"] == 3
    assert "texts sent" in run("advance").stdout
    for name in ("sync", "flush", "advance"):
        assert f"  {name}" not in run("--help").stdout
        assert f"Did you mean {name!r}" not in run(f"{name}x").output


def test_collect_exits_with_4_while_a_job_is_out_and_sends_nothing(
    run: Run, tmp_path: Path, emulator: RunningServer
) -> None:
    _ingest(run, tmp_path)
    assert run("collect").exit_code == 0
    _stall(emulator)
    run("send")
    result = run("collect", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["open_jobs"] == 1


def test_a_dry_run_cuts_and_quotes_and_sends_nothing(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    quote = json.loads(run("send", "--dry-run", "--json").stdout)
    assert (quote["texts"], quote["unread_files"]) == (3, 0)
    assert json.loads(run("jobs", "--json").stdout) == []


def test_too_few_texts_wait_and_the_exit_code_says_so(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    result = run("send", "--min-batch-size", "10")
    assert result.exit_code == 4
    assert "3 of 10" in result.output


def test_a_job_is_shown_by_either_name_and_its_results_written(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    sent = json.loads(run("send", "--json").stdout)
    (job,), (remote,) = sent["job_ids"], sent["remote_names"]
    run("collect", "--watch", "--interval", "0")
    standing = json.loads(run("status", remote, "--json").stdout)
    assert (standing["job_id"], standing["stage"]) == (job, "COMPLETED")
    assert "COMPLETED" in run("status", job).stdout
    lines = [json.loads(line) for line in run("results", remote).stdout.splitlines()]
    assert [len(line["embedding"]) for line in lines] == [128] * 3
    path = tmp_path / "v.parquet"
    assert run("results", job, "-o", str(path)).exit_code == 0
    assert pq.read_table(path)["chunk_id"].to_pylist() == [line["chunk_id"] for line in lines]


def test_cancel_asks_first_and_refuses_what_is_over(
    run: Run, tmp_path: Path, emulator: RunningServer
) -> None:
    _ingest(run, tmp_path)
    _stall(emulator)
    (job,) = json.loads(run("send", "--json").stdout)["job_ids"]
    assert run("cancel", job, input="n\n").exit_code == 1
    assert json.loads(run("cancel", job, "--yes", "--json").stdout)["is_final"] is False
    assert run("cancel", "batches/none", "--yes").exit_code == 1


def test_ingest_names_each_file_it_could_not_take_and_keeps_the_others(
    run: Run, tmp_path: Path
) -> None:
    _ingest(run, tmp_path)
    (tmp_path / "in" / "bad.pdf").write_bytes(b"no pdf")
    result = run("ingest", str(tmp_path / "in"), "-d", "acme/gates")
    assert result.exit_code == 1
    assert "bad.pdf" in result.stderr
    assert "3 unchanged" in result.stdout
    assert run("ingest", "-", "-d", "acme/gates", "--name", "typed", input="Typed.").exit_code == 0
    assert run("ingest", "a", "b", "-d", "acme/gates", "--name", "x").exit_code == 2


def test_doctor_names_what_is_ill_and_the_cure(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = run("doctor")
    assert ill.exit_code == 1
    assert "semantic-assets ingest" in ill.output
    _ingest(run, tmp_path)
    assert run("doctor").exit_code == 0
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", "http://127.0.0.1:9")
    found = {one["name"]: one for one in json.loads(run("doctor", "--json").stdout)}
    assert found["service"]["is_well"] is False
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini")
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    monkeypatch.setenv("SEMANTIC_ASSETS_GEMINI_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "other"))
    result = run("doctor")
    assert "semantic-assets init" in result.output
    assert "MAX_COST_USD_PER_DAY" in result.output
    assert "AIza-not-a-key" not in result.output
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_COST", "3")
    assert "did you mean SEMANTIC_ASSETS_MAX_COST_USD_PER_" in " ".join(
        one["remedy"] for one in json.loads(run("doctor", "--json").stdout)
    )
    monkeypatch.delenv("SEMANTIC_ASSETS_MAX_COST")
    monkeypatch.setenv("SEMANTIC_ASSETS_TIER", "9")
    result = run("doctor")
    assert (result.exit_code, "TIER" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("url", "is_said"),
    [
        ("http://gemini.invalid", True),
        ("HTTP://192.0.2.1:9", True),
        ("https://gemini.invalid", False),
        ("http://127.0.0.1:9", False),
        ("http://localhost:9", False),
        ("http://[::1]:9", False),
    ],
)
@pytest.mark.parametrize("whose", ["GEMINI", "QDRANT"])
def test_doctor_says_when_a_key_travels_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str, url: str, *, is_said: bool
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    monkeypatch.setenv("SEMANTIC_ASSETS_QDRANT_API_KEY", "not-a-key-either")
    monkeypatch.setenv(f"SEMANTIC_ASSETS_{whose}_URL", url)
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini" if whose == "GEMINI" else "emulator")
    settings = Settings.load(root=tmp_path / "lake")
    found = list(plain_http(settings))
    assert bool(found) is is_said
    for one in found:
        assert one.is_well is False
        assert f"SEMANTIC_ASSETS_{whose}_URL with https://" in one.remedy
        assert "a-key" not in f"{one.found} {one.remedy}"


def test_init_and_doctor_say_to_look_up_the_batch_limits(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini")
    monkeypatch.setenv("SEMANTIC_ASSETS_GEMINI_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "paid"))
    said = "look up the batch limits in AI Studio and set SEMANTIC_ASSETS_ENQUEUED_TOKENS"
    assert said in run("init").output
    assert said in run("doctor", "--json").output
    monkeypatch.setenv("SEMANTIC_ASSETS_ENQUEUED_TOKENS", "400000")
    assert said not in run("init").output
    assert said not in run("doctor", "--json").output


def test_keys_are_made_listed_and_taken_back(run: Run) -> None:
    made = run("keys", "create", "--project", "acme", "--role", "read")
    secret = made.stdout.strip()
    (row,) = json.loads(run("keys", "list", "--json").stdout)
    assert (row["project"], row["role"]) == ("acme", "read")
    assert secret not in run("keys", "list").output
    assert run("keys", "revoke", row["key_id"]).exit_code == 0
    assert json.loads(run("keys", "list", "--json").stdout) == []
    assert run("keys", "revoke", "none").exit_code == 1


def test_log_lines_are_json_with_ids_and_without_texts(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    result = run("--log-level", "info", "--log-json", "refresh")
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    told = [line["message"] for line in lines]
    assert any("read acme/gates/_ingested/00000.segment.jsonl" in message for message in told)
    assert any(message.endswith("new -> uploading") for message in told)
    assert any(message.endswith("-> ended") for message in told)
    assert "shut at night" not in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_line_for_a_shell(run: Run, shell: str) -> None:
    assert f"{shell}_source" in run("completion", shell).stdout


def test_without_a_terminal_there_is_no_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("taken in", 3) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_one_line_below_what_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    with progress_reporter(to_stderr=True) as progress:
        progress("one file is new")
        progress(ProgressLine("texts answered", 3, 10))
        progress(DetailLine("job 1: submitted"))
        progress("one file is left out")
        progress(ProgressLine("texts answered, " + "and so on" * 9, 4, 10))
    shown = seen(capfd.readouterr().err)
    assert shown == ["one file is new", "one file is left out", ""]
    with progress_reporter(to_stderr=True, verbose=True) as progress:
        progress(DetailLine("job 1: submitted"))
        progress(ProgressLine("texts answered, " + "and so on" * 9, 4, 10))
        drawn = capfd.readouterr().err
    assert seen(drawn) == ["job 1: submitted", "4 of 10 texts answered, and …"]


def test_without_a_terminal_progress_is_said_now_and_then_and_ids_only_when_asked_for() -> None:
    now, said = [0.0], list[str]()
    calm = CalmProgress(said.append, clock=lambda: now[0])
    for second in range(3_600):
        now[0] = float(second)
        calm(ProgressLine("texts answered", second, 3_600))
        calm(DetailLine(f"job {second}: submitted"))
        calm(ProgressLine("texts answered", second, 3_600))
    calm.flush()
    assert said[0] == "0 of 3,600 texts answered"
    assert said[-1] == "3,599 of 3,600 texts answered"
    assert 60 <= len(said) <= 130
    assert len(set(said)) == len(said)
    calm("the end")
    assert said[-1] == "the end"


def _started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "semantic_assets", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().split(" ")[0].strip()


def _stop(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=20)


def test_serve_answers_on_loopback_and_refuses_another_address_without_keys(
    run: Run, tmp_path: Path
) -> None:
    server, url = _started("serve", "--port", "0")
    try:
        assert httpx2.get(f"{url}/readyz").json() == {"status": "ready"}
    finally:
        _stop(server)
    refused = run("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.exit_code == 2
    assert "semantic-assets keys create" in refused.output


def test_emulator_serves_for_several_processes(run: Run, tmp_path: Path) -> None:
    server, url = _started("emulator", "--port", "0", "--state-dir", str(tmp_path / "shared"))
    try:
        assert httpx2.get(f"{url}/emulator/state").status_code == 200
    finally:
        _stop(server)


def test_what_could_not_be_read_and_what_lies_outside_are_told(run: Run, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    (sources / "acme" / "gates").mkdir(parents=True)
    (sources / "acme" / "gates" / "good.txt").write_text("A gate.")
    (sources / "acme" / "gates" / "broken.pdf").write_bytes(b"no pdf")
    (sources / "acme" / "stray.txt").write_text("Beside the datasets.")
    done = run("refresh")
    assert done.exit_code == 1
    assert "1 could not be read" in done.output
    assert "acme/stray.txt" in done.output
    told = "1 of 2 files are read; 1 .pdf is not: `semantic-assets failures`"
    assert told in done.output
    for command in ("status", "estimate", "doctor"):
        assert told in " ".join(run(command).stdout.replace("│", " ").split())
    groups = json.loads(run("failures", "--json").stdout)
    assert [(one["what"], one["examples"]) for one in groups] == [
        ("documents", ["acme/gates/broken.pdf"]),
        ("sources", ["acme/stray.txt"]),
    ]
    (sources / "acme" / "stray.txt").unlink()
    (sources / "acme" / "gates" / ".semanticignore").write_text("broken.pdf\n")
    assert run("refresh").exit_code == 0  # it is excluded on purpose


def test_search_says_on_stderr_what_cannot_be_found_yet(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "sources" / "acme" / "gates"
    folder.mkdir(parents=True)
    (folder / "good.txt").write_text("A gate.")
    assert run("refresh").exit_code == 0
    assert run("search", "gate").stderr == ""
    (folder / "unknown.zzz").write_text("x")
    run("refresh", "--wait-minutes", "0")
    found = run("search", "gate", "--json")
    assert "1 of 2 files are read; 1 .zzz is not" in found.stderr
    assert [hit["uri"] for hit in json.loads(found.stdout)] == ["acme/gates/good.txt"]


def test_files_in_the_wrong_place_are_no_empty_quote(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "book.txt").write_text("A book.")
    for command in ("estimate", "refresh"):
        shown = " ".join(run(command).output.replace("│", " ").split())
        assert "1 file is in no dataset's folder and is not read (book.txt)" in shown
        assert "semantic-assets add" in shown
    assert run("refresh").exit_code == 1


def test_a_price_is_told_before_there_is_a_ledger(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_BACKEND", "gemini")
    quote = json.loads(run("estimate", "--articles", "10", "--chars", "9000", "--json").stdout)
    assert quote["usd"] > 0
    assert not (tmp_path / "lake").exists()


def test_where_real_time_is_cheaper_the_estimate_says_so(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    assert "--mode sync` is cheaper here" in run("send", "--dry-run").stdout


def test_files_of_one_name_and_hidden_ones_are_not_taken_in(run: Run, tmp_path: Path) -> None:
    for folder in ("a", "b", ".git"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "readme.md").write_text(f"Of {folder}.")
    result = run("ingest", str(tmp_path / "in"), "-d", "acme/gates", "--overwrite")
    assert result.exit_code == 2
    assert "readme.md" in result.output
    assert ".git" not in result.output
    (tmp_path / "in" / "b" / "readme.md").unlink()
    assert "1 uploaded" in run("ingest", str(tmp_path / "in"), "-d", "acme/gates").output


def test_a_cap_that_is_no_number_refuses(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path)
    assert run("send", "--max-cost-usd", "nan").exit_code == 1
    assert json.loads(run("jobs", "--json").stdout) == []


_WORKS = """
import time
from semantic_assets.cli.progress import working
with working(None, "refresh", to_stderr=True):
    try:
        print("at work", flush=True)
        time.sleep(60)
    finally:
        print("stopping", flush=True)
        time.sleep({lingers})
"""


def _at_work(lingers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WORKS.format(lingers=lingers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_says_that_nothing_is_lost(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_ROOT", str(tmp_path / "lake"))
    process = _at_work(lingers=0)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert said.strip() == (
        "stopped: no job is out; nothing is lost: `semantic-assets refresh` goes on from here"
    )
    assert not (tmp_path / "lake").exists()


def test_a_second_ctrl_c_ends_at_once() -> None:
    process = _at_work(lingers=60)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "stopping\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT


def test_what_is_taken_in_without_a_dataset_goes_to_the_default_one(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "gate.txt").write_text("The gate is shut at night.")
    taken = run("ingest", str(tmp_path / "gate.txt"))
    assert taken.stdout.splitlines()[-1] == "default/documents: 1 uploaded, 0 replaced, 0 unchanged"
    assert run("refresh", "--mode", "SYNC", "-y").exit_code == 0
    (job,) = json.loads(run("jobs", "--json").stdout)
    assert job["remote_name"] is None  # it was answered in real time


def test_jobs_have_their_names_at_google(run: Run, tmp_path: Path) -> None:
    _ingest(run, tmp_path, 1)
    sent = _found(run("flush", "--json"))
    assert isinstance(sent, dict)
    (job,) = json.loads(run("jobs", "--json").stdout)
    assert [job["remote_name"]] == sent["remote_names"]
    assert job["remote_name"].startswith("batches/")


def test_an_array_of_texts_is_articles(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "texts.json"
    path.write_text('["The kiln is fired on Fridays.", "The glaze is mixed from ash."]')
    for command in (("generate", "submit", "--task", "summary-en"), ("submit-contents",)):
        [found] = json.loads(run(*command, str(path), "--name", command[0], "-y", "--json").stdout)
        assert found["documents"] == 2
    assert run("ingest", str(path)).exit_code == 0
    assert run("refresh", "-y").exit_code == 0
    found = json.loads(run("search", "When is the kiln fired?", "-k", "1", "--json").stdout)
    assert [hit["text"] for hit in found] == ["The kiln is fired on Fridays."]
