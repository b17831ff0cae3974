"""The map over HTTP: what it answers, to whom, and how it ends."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import pytest
from starlette.testclient import TestClient

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.exports.corpus_map import corpus_map
from semantic_assets.rest.map.app import map_app
from semantic_assets.settings.settings import PREFIX
from tests.interfaces.nasty import NASTY, harms
from tests.trial import Trial, opened_trial

DATASET = DatasetKey("river", "animals")
FILES = 15


@pytest.fixture(scope="module")
def lake(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor
) -> Iterator[Trial]:
    with opened_trial(tmp_path_factory.mktemp("map"), "hashed", background) as trial:
        for number in range(FILES):
            trial.write(f"{DATASET}/{number}.txt", f"Heron {number} stands in the reeds.")
        trial.refresh()
        yield trial


@pytest.fixture(scope="module")
def client(lake: Trial) -> Iterator[TestClient]:
    app = map_app(corpus_map(lake.store, [DATASET]))
    with TestClient(app, "http://127.0.0.1") as found:
        yield found


def test_the_page_gets_places_colours_and_passages(client: TestClient) -> None:
    about = client.get("/about").json()
    assert (about["title"], about["shown"]) == (str(DATASET), FILES)
    places = np.frombuffer(client.get("/places").content, "<f4").reshape(-1, 2)
    assert len(places) == FILES
    for number, one in enumerate(about["groupings"]):
        groups = client.get(f"/groups/{number}").content
        assert len(groups) == FILES
        assert max(groups) < len(one["names"])
    assert client.get("/passages/3").json()["text"].startswith("Heron")
    found = np.frombuffer(client.get("/passages", params={"words": "heron 7"}).content, "<u4")
    assert len(found) == 1


@pytest.mark.parametrize("path", ["/passages/15", "/groups/9", "/passages/x", "/places/1"])
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_its_files_are_its_own_and_nothing_is_loaded_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/map.js", "/map.css", "/icon.svg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert "https://" not in answer.text


def test_the_map_shows_what_a_text_hides(client: TestClient) -> None:
    """The page's own function over all characters, where Node is installed to run it."""
    if (node := shutil.which("node")) is None:
        pytest.skip("needs Node")
    script = client.get("/map.js").text
    function = script[script.index("const visible") : script.index("async function fetched")]
    asked = f"{function}\nprocess.stdout.write(visible(JSON.parse(require('fs').readFileSync(0))));"
    run = subprocess.run(
        [node, "-e", asked],
        input=json.dumps(f"{NASTY}\r\n\tend"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert harms(run.stdout.replace("\t", "")) == []
    assert run.stdout.endswith("\n\tend")


def test_a_page_elsewhere_cannot_read_the_map_by_a_name_of_its_own(client: TestClient) -> None:
    for path in ("/about", "/passages/1"):
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_the_command_serves_on_loopback_until_it_is_stopped(lake: Trial, tmp_path: Path) -> None:
    environ = {
        "PATH": "/usr/bin",
        "HOME": str(tmp_path),
        PREFIX + "ROOT": str(lake.settings.root),
        PREFIX + "SOURCES": str(lake.settings.sources),
    }
    command = [sys.executable, "-m", "semantic_assets", "map", str(DATASET), "--no-browser"]
    server = subprocess.Popen(
        command,
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line.startswith(f"{FILES} passages at http://127.0.0.1:"), line
    url = line.split(" at ")[1].split(",")[0]
    assert json.loads(httpx2.get(f"{url}/about", timeout=30).text)["shown"] == FILES
    taken = subprocess.run(
        [*command, "--port", url.rpartition(":")[2]],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (taken.returncode, "name another with --port" in taken.stderr) == (2, True)
    server.send_signal(signal.SIGINT)
    assert server.wait(30) in (0, 130)
    server.stdout.close()
    assert server.stderr is not None
    server.stderr.close()
