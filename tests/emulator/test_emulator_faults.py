"""Arming, disarming and counting faults; nothing about what one of them does."""

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from google.genai import errors

import semantic_assets.emulator
from semantic_assets.emulator.faults.fault import REQUIRED
from semantic_assets.emulator.faults.fault_table import FAULTS

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)


def _delete(server, path):
    with urlopen(Request(server.base_url + path, method="DELETE"), timeout=10) as reply:
        return json.load(reply)["faults"]


def _refused(ask, server, message):
    with pytest.raises(HTTPError) as refused:
        ask(server, "/emulator/faults", message)
    with refused.value as reply:
        assert reply.status == 400
        return json.load(reply)["error"]["message"]


def test_armed_faults_are_listed_with_defaults_and_counts(emulator, ask, arm, client):
    arm("slow", 3, seconds=0.0, method="batches.list")
    arm("get-503", None)
    list(client.batches.list())
    slow, get = ask(emulator, "/emulator/faults")["faults"]
    parameters = {"method": "batches.list", "seconds": 0.0}
    unlimited = {"for_seconds": None}
    assert slow == {"name": "slow", "times": 2, "fired": 1, "parameters": parameters, **unlimited}
    assert get == {"name": "get-503", "times": None, "fired": 0, "parameters": {}, **unlimited}


def test_disarm_one_or_all(emulator, arm):
    for name in ("get-503", "list-503", "create-503"):
        arm(name)
    assert [f["name"] for f in _delete(emulator, "/emulator/faults/list-503")] == [
        "get-503",
        "create-503",
    ]
    assert _delete(emulator, "/emulator/faults") == []


def test_arming_again_starts_anew(arm, fired, client):
    arm("list-503")
    with pytest.raises(errors.ServerError):
        client.batches.list()
    arm("list-503", 5)
    assert fired("list-503") == 0


@pytest.mark.parametrize(("times", "fires"), [(None, 4), (3, 3)])
def test_a_fault_lasts_for_a_time_of_the_emulators_clock_or_some_calls(
    arm, ask, emulator, advance, times, fires
):
    ask(emulator, "/emulator/clock", {"freeze": True})
    assert _refusals(ask, emulator, arm, advance, times=times) == fires


def _refusals(ask, emulator, arm, advance, *, times):
    """Of five calls, 150 seconds apart, those a fault of 600 seconds refuses."""
    arm("list-503", times, for_seconds=600)
    refused = 0
    for _ in range(5):
        try:
            ask(emulator, "/v1/batches")
        except HTTPError as refusal:
            refusal.close()
            refused += 1
        advance(150)
    return refused


def test_unknown_fault_is_refused_with_the_names_of_all(emulator, ask):
    message = _refused(ask, emulator, {"name": "no-such-fault"})
    assert all(name in message for name in FAULTS)


@pytest.mark.parametrize(
    ("name", "parameters", "reason"),
    [
        ("slow", {"minutes": 1}, "no parameter 'minutes'"),
        ("slow", {"seconds": "1"}, "seconds cannot be '1'"),
        ("error-lines", {"shape": "round"}, "shape cannot be 'round'"),
        ("invalid-texts", {}, "contains must be given"),
    ],
)
def test_wrong_parameters_are_refused(emulator, ask, name, parameters, reason):
    assert reason in _refused(ask, emulator, {"name": name, "parameters": parameters})
    for limit in ("times", "for_seconds"):
        assert limit in _refused(ask, emulator, {"name": "list-503", limit: -1})


def test_faults_hold_for_every_server_on_the_directory(serve, connect, ask):
    one, two = serve(), serve()
    ask(one, "/emulator/faults", {"name": "list-503", "times": 1})
    with pytest.raises(errors.ServerError):
        connect(two).batches.list()
    assert list(connect(one).batches.list()) == []


def test_concurrent_calls_on_two_servers_do_not_fire_too_often(serve, ask):
    servers = [serve() for _ in range(2)]
    ask(servers[0], "/emulator/faults", {"name": "list-503", "times": 7})

    def attempt(number):
        try:
            return ask(servers[number % 2], "/v1/batches")
        except HTTPError as refused:
            with refused:
                return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(40)))
    assert outcomes.count(503) == 7
    assert outcomes.count({}) == 33


def test_every_fault_of_the_table_is_known_to_other_modules():
    folder = Path(semantic_assets.emulator.__file__).parent
    source = "".join(
        path.read_text() for path in folder.rglob("*.py") if not path.stem.startswith("faults_of")
    )
    assert [name for name in FAULTS if f'"{name}"' not in source] == []


def test_every_fault_has_a_meaning_and_usable_defaults(arm):
    for fault in FAULTS.values():
        required = {n: "x" for n, default in fault.parameters.items() if default is REQUIRED}
        assert fault.meaning
        arm(fault.name, **required)


def test_command_line_arms_faults(tmp_path, ask):
    command = [sys.executable, "-m", "semantic_assets.emulator", "--state-dir", tmp_path / "state"]
    slow = 'slow={"seconds": 2, "times": 3, "for_seconds": 600}'
    given = ["--fault", "get-503", "--fault", slow]
    process = subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True)
    try:
        server = SimpleNamespace(base_url=process.stdout.readline().strip())
        get, slow = ask(server, "/emulator/faults")["faults"]
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert (get["name"], get["times"]) == ("get-503", None)
    assert (slow["parameters"]["seconds"], slow["times"]) == (2, 3)
    assert 500 < slow["for_seconds"] <= 600


def test_command_line_refuses_an_unknown_fault(tmp_path):
    command = [sys.executable, "-m", "semantic_assets.emulator", "--state-dir", tmp_path / "state"]
    done = subprocess.run([*command, "--fault", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "list-empty-page" in done.stderr


def test_jobs_tell_what_they_were_born_with(arm, make_job, jobs, fired):
    arm("shuffled-lines", 2)
    arm("ends-failed", 1, message="why")
    for _ in range(3):
        make_job("one", "two")
    names = [[fault["name"] for fault in job["faults"]] for job in jobs()]
    assert names == [["shuffled-lines", "ends-failed"], ["shuffled-lines"], []]
    assert jobs()[0]["faults"][1]["parameters"] == {"message": "why"}
    assert fired("shuffled-lines") == 2


def test_refused_job_uses_no_fault_up(arm, make_job, fired):
    arm("shuffled-lines")
    arm("hidden-quota", fraction=0.0)
    with pytest.raises(errors.ClientError, match="429"):
        make_job("one", "two")
    assert fired("shuffled-lines") == 0


def test_state_directory_of_an_earlier_version_is_read(tmp_path, serve, connect):
    serve().stop()
    with sqlite3.connect(tmp_path / "state" / "emulator.sqlite") as db:
        for column in ("faults", "listed_from", "lingers_seconds"):
            db.execute(f"ALTER TABLE job DROP COLUMN {column}")
        db.execute("ALTER TABLE fault DROP COLUMN until")
    db.close()
    assert list(connect(serve()).batches.list()) == []
