"""One state directory: keys, clocks, several servers, restarts, the command."""

import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from google.genai import errors
from google.genai.types import JobState

import semantic_assets.emulator

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)


def test_another_key_sees_nothing(emulator, client, connect, upload, embed_line, create):
    name = upload(client, embed_line("a", "one"))
    job = create(client, name)
    other = connect(emulator, api_key="other")
    assert list(other.batches.list()) == list(other.files.list()) == []
    for call in (other.batches.get, other.batches.cancel, other.batches.delete):
        with pytest.raises(errors.ClientError, match="404"):
            call(name=job.name)
    for call in (other.files.get, other.files.delete):
        with pytest.raises(errors.ClientError, match="403"):
            call(name=name)
    with pytest.raises(errors.ClientError, match="403"):
        create(other, name)
    assert client.batches.get(name=job.name).state is JobState.JOB_STATE_PENDING


def test_keys_are_never_written(emulator, client, connect, upload, tmp_path):
    secret = connect(emulator, api_key="very-secret-key")
    upload(secret, "{}")
    emulator.stop()
    written = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert written
    assert not any(b"very-secret-key" in content for content in written)


def test_two_servers_share_jobs_files_and_clock(serve, connect, upload, embed_line, create, ask):
    one, two = serve(), serve()
    first, second = connect(one), connect(two)
    job = create(second, upload(first, embed_line("a", "one")))
    ask(one, "/emulator/clock", {"advance_seconds": 50})
    for client in (first, second):
        assert client.batches.get(name=job.name).state is JobState.JOB_STATE_RUNNING


def test_chunks_of_one_upload_may_go_to_several_servers(serve, tmp_path, ask):
    one, two = serve(), serve()

    def post(url, body, **headers):
        with urlopen(Request(url, data=body, headers=headers), timeout=10) as reply:
            return reply.headers

    start = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
    url = post(f"{one.base_url}/upload/v1/files", b"", **start, **{"x-goog-api-key": "k"})[
        "X-Goog-Upload-URL"
    ]
    chunk = bytes(8 * 1024**2)
    post(url, chunk, **{"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "0"})
    moved = url.replace(one.base_url, two.base_url)
    last = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": str(len(chunk))}
    assert post(moved, b"def", **last)["X-Goog-Upload-Status"] == "final"
    assert ask(one, "/emulator/state")["files"][0]["sizeBytes"] == len(chunk) + 3


def test_servers_racing_for_a_quota_do_not_exceed_it(serve, connect, upload, embed_line, create):
    servers = [serve() for _ in range(2)]
    clients = [connect(server) for server in servers]
    name = upload(clients[0], *[embed_line(f"{n}", "," * 2000) for n in range(50)])
    barrier = threading.Barrier(8)

    def attempt(number):
        barrier.wait()
        try:
            return create(clients[number % 2], name).name
        except errors.ClientError as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert outcomes.count(429) == 3  # 100,000 tokens each: five fit into 500,000
    assert len(set(outcomes)) == 6


def test_restart_keeps_everything(serve, connect, upload, embed_line, create, ask, download):
    before = serve()
    client = connect(before)
    job = create(client, upload(client, embed_line("a", "one")))
    ask(before, "/emulator/clock", {"advance_seconds": 100})
    answers = download(client, job.name)
    before.stop()
    client = connect(serve())
    assert download(client, job.name) == answers


def test_stop_twice_is_harmless_and_frees_the_port(serve):
    server = serve()
    server.stop()
    server.stop()
    with pytest.raises(URLError):
        urlopen(f"{server.base_url}/emulator/state", timeout=5)


def test_frozen_clock_stands_still_and_can_be_advanced(emulator, ask):
    def seconds():
        return ask(emulator, "/emulator/clock")["seconds"]

    ask(emulator, "/emulator/clock", {"freeze": True})
    frozen = seconds()
    time.sleep(0.01)
    assert seconds() == frozen
    ask(emulator, "/emulator/clock", {"advance_seconds": 3600})
    assert seconds() == frozen + 3600
    ask(emulator, "/emulator/clock", {"freeze": False})
    time.sleep(0.01)
    assert frozen + 3600 < seconds() < frozen + 3660


def test_calls_are_counted_by_endpoint(emulator, client, upload, embed_line, create, ask):
    create(client, upload(client, embed_line("a", "one")))
    list(client.batches.list())
    list(client.batches.list())
    with pytest.raises(errors.ClientError):
        client.batches.get(name="batches/missing")
    calls = ask(emulator, "/emulator/state")["calls"]
    assert calls["models.asyncBatchEmbedContent"] == 1
    assert calls["batches.list"] == 2
    assert calls["batches.get"] == 1


def test_slow_download_blocks_no_other_request(emulator, client, upload, embed_line, create, ask):
    lines = [embed_line(f"{n}", f"text {n}", outputDimensionality=3072) for n in range(3000)]
    job = create(client, upload(client, *lines))
    ask(emulator, "/emulator/clock", {"advance_seconds": 100})
    job_id = job.name.removeprefix("batches/")
    url = f"{emulator.base_url}/download/v1beta/files/batch-{job_id}:download?alt=media"
    with urlopen(Request(url, headers={"x-goog-api-key": "k"}), timeout=10) as reply:
        assert reply.read(1)  # 120 MB are to follow, and nobody reads them
        started = time.monotonic()
        assert client.batches.get(name=job.name).name == job.name
        assert time.monotonic() - started < 2


def test_command_announces_its_url_and_stores_its_settings(tmp_path, serve, ask):
    command = [sys.executable, "-m", "semantic_assets.emulator"]
    options = ["--state-dir", tmp_path / "state", "--tier", "3", "--vectors", "computable"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--latency", "7", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
    finally:
        process.terminate()
        process.communicate(timeout=10)
    # A later server that is told less agrees with it.
    process = subprocess.Popen(
        [*command, "--state-dir", tmp_path / "state"], stdout=subprocess.PIPE, text=True
    )
    try:
        server = SimpleNamespace(base_url=process.stdout.readline().strip())
        assert ask(server, "/emulator/state")["settings"] == {
            "tier": 3,
            "latencySeconds": 7.0,
            "vectors": "computable",
        }
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_importing_has_no_side_effects():
    script = (
        "import sys, threading, semantic_assets\n"
        "before = set(sys.modules)\n"
        "import semantic_assets.emulator\n"
        "assert set(sys.modules) - before <= {'semantic_assets.emulator'}\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_nothing_of_the_package_is_imported():
    for path in Path(semantic_assets.emulator.__file__).parent.rglob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (semantic_assets\S*)", path.read_text(), re.M)
        assert all(name.startswith("semantic_assets.emulator") for name in imported), path.name


def test_processes_may_open_a_new_state_directory_at_once(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from semantic_assets.emulator.state import State\n"
        "State(pathlib.Path(sys.argv[1])).close()\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "new"]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(timeout=10) for process in processes] == [0] * 4
