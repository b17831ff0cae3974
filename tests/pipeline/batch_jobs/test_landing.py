"""Answers decoded as they come in: nothing raw is kept, and what is cut off or hostile lands nowhere."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
import orjson
import pytest

from semantic_assets.batching.codec import MAX_LINE_BYTES
from semantic_assets.errors import CorruptResult, GeminiUnavailable
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.pipeline.answers.downloads import making
from semantic_assets.pipeline.batch_jobs.landing import Fetch, decode
from semantic_assets.pipeline.flows.advance import advance
from tests.factories import answer_line
from tests.trial import LATENCY_SECONDS, Trial

TEXTS = 12
_FOREIGN = "0" * 32


@pytest.fixture
def waiting(trial: Trial) -> Trial:
    """A job of a dozen texts that has ended."""
    for n in range(TEXTS):
        trial.write(f"acme/texts/{n:02d}.txt", f"Pump {n} is oiled. " * (1 + n))
    trial.prepare()
    advance(trial.store, trial.gemini)
    trial.pass_time(2 * LATENCY_SECONDS)
    return trial


def the_job(trial: Trial) -> BatchJob:
    (job,) = trial.store.ledger.jobs.list()
    return job


def keys_of(trial: Trial) -> list[str]:
    return manifest_keys(trial.store.lake, the_job(trial).job_id) or []


def lines_for(keys: list[str]) -> list[bytes]:
    return [answer_line(key, np.eye(128)[n].tolist(), tokenCount=5) for n, key in enumerate(keys)]


def served(content: bytes, size: int = 1 << 20) -> Fetch:
    """A download of these bytes in parts of this size."""

    def fetch(receive: Callable[[bytes], None]) -> None:
        for start in range(0, len(content), size):
            receive(content[start : start + size])

    return fetch


def files_of(trial: Trial) -> list[str]:
    """All that is of answers: results, and what is kept or on its way."""
    root = trial.settings.root
    found = [*root.glob("results/**/*"), *root.glob("downloads/*")]
    return sorted(str(path.relative_to(root)) for path in found if path.is_file())


@pytest.mark.parametrize("size", [1, 7, 1_000, 1 << 20])
def test_the_parts_of_a_file_may_end_anywhere(waiting: Trial, size: int) -> None:
    keys = keys_of(waiting)
    content = b"".join(lines_for(keys))
    with making(waiting.store, the_job(waiting)) as path:
        held, missing = decode(waiting.store, the_job(waiting), keys, path, served(content, size))
    assert missing == 0
    assert {at: int(np.argmax(vector)) for at, vector in held.items()} == {
        n: n for n in range(TEXTS)
    }


def test_a_file_cut_off_at_any_byte_lacks_texts_or_is_refused(waiting: Trial) -> None:
    keys, job = keys_of(waiting), the_job(waiting)
    content = b"".join(lines_for(keys))
    ends, whole = [at for at, byte in enumerate(content) if byte == ord("\n")], list[int]()
    for cut in sorted({*range(0, len(content) - 2, 97), *ends, *(end + 1 for end in ends[:-1])}):
        # The end of a line may be missing, and nothing else.
        lacking = TEXTS - sum(end <= cut for end in ends)
        with making(waiting.store, job) as path, suppress(CorruptResult):
            _, missing = decode(waiting.store, job, keys, path, served(content[:cut]))
            assert missing == lacking
            assert cut in {0, *ends, *(end + 1 for end in ends)}
            whole.append(cut)
    assert len(whole) == 2 * TEXTS
    assert files_of(waiting) == []


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@pytest.mark.parametrize(
    ("piece", "why", "most"),
    [
        (b"x" * (1 << 20), "a line is longer", 2 * MAX_LINE_BYTES),
        (b"\n" * (1 << 20), "more lines than texts", 4 << 20),
        (b"[" * (1 << 20), "a line is longer", 2 * MAX_LINE_BYTES),
    ],
    ids=["one line", "empty lines", "one deep line"],
)
def test_a_file_without_end_is_given_up_early(
    waiting: Trial, piece: bytes, why: str, most: int
) -> None:
    received = 0

    def fetch(receive: Callable[[bytes], None]) -> None:
        nonlocal received
        for part in endless(piece):
            received += len(part)
            receive(part)

    with making(waiting.store, the_job(waiting)) as path, pytest.raises(CorruptResult, match=why):
        decode(waiting.store, the_job(waiting), keys_of(waiting), path, fetch)
    assert received <= most


@pytest.mark.parametrize("harm", ["foreign", "twice", "keyless"])
def test_a_wrong_key_anywhere_ends_the_download(waiting: Trial, harm: str) -> None:
    job, keys = the_job(waiting), keys_of(waiting)
    lines = lines_for(keys)
    wrong = {
        "foreign": answer_line(_FOREIGN, [1.0] + [0.0] * 127),
        "twice": lines[0],
        "keyless": orjson.dumps({"response": {}}) + b"\n",
    }
    for at in (1, 5, TEXTS - 1):
        before = b"".join([*lines[:at], wrong[harm]])
        content, asked = before + b"".join(lines[at:]), list[int]()

        def fetch(
            receive: Callable[[bytes], None], content: bytes = content, asked: list[int] = asked
        ) -> None:
            for start in range(0, len(content), 100):
                asked.append(start)
                receive(content[start : start + 100])

        with making(waiting.store, job) as path, pytest.raises(CorruptResult):
            decode(waiting.store, job, keys, path, fetch)
        assert len(before) - 100 <= asked[-1] < len(before) + 100
    assert files_of(waiting) == []


@pytest.mark.parametrize("error", [GeminiUnavailable("reset"), OSError(28, "full")])
def test_a_download_that_breaks_off_leaves_nothing(waiting: Trial, error: Exception) -> None:
    content = b"".join(lines_for(keys_of(waiting)))

    def fetch(receive: Callable[[bytes], None]) -> None:
        receive(content[: len(content) // 2])
        raise error

    job, keys = the_job(waiting), keys_of(waiting)
    with pytest.raises(type(error)), making(waiting.store, job) as path:
        decode(waiting.store, job, keys, path, fetch)
    assert files_of(waiting) == []


def test_what_google_sent_is_written_down_nowhere(waiting: Trial) -> None:
    """Neither below the lake nor in a temporary folder: each file that is opened is seen here."""
    opened: list[tuple[str, bytes | str]] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and str(arguments[1] or "r")[0] in "wax":
            opened.append((str(arguments[0]), str(arguments[1])))

    sys.addaudithook(watch)
    advance(waiting.store, waiting.gemini, submits=False)
    watching = False
    assert the_job(waiting).state == JobState.COLLECTED
    assert [path for path, _ in opened if ".jsonl" in path or "semantic-assets-" in path] == []
    job = the_job(waiting)
    assert files_of(waiting) == [layout.results(job.product_id, job.job_id)]


def test_results_are_the_file_that_was_decoded_under_another_name(waiting: Trial) -> None:
    """No copy: it is written once. What was kept of it goes when the job is final."""
    waiting.arm("realtime-503", times=1)
    advance(waiting.store, waiting.gemini, submits=False)
    job = the_job(waiting)
    kept = waiting.store.lake.path(layout.download(job.job_id)).stat()
    waiting.pass_time(60.0)
    advance(waiting.store, waiting.gemini, submits=False)
    results = waiting.store.lake.path(layout.results(job.product_id, job.job_id)).stat()
    assert (results.st_ino, results.st_size) == (kept.st_ino, kept.st_size)
    assert results.st_nlink == 1
    assert results.st_mode & 0o077 == 0


_COLLECT = """
import json, sys
from pathlib import Path
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
settings = Settings.load(root=Path(sys.argv[1]), environ=json.loads(sys.argv[2]))
with open_store(settings) as store:
    print("begins", flush=True)
    advance(store, Gemini(endpoint_of(settings)), submits=False)
"""


def test_a_killed_download_leaves_no_answer(waiting: Trial) -> None:
    """SIGKILL while half of the file is here: no results, nothing kept, and the next one lands all."""
    waiting.arm("trickle", times=1, method="files.download", bytes=1_000, seconds=1.0)
    environ = {
        "SEMANTIC_ASSETS_EMULATOR_URL": waiting.url,
        "SEMANTIC_ASSETS_SOURCES": str(waiting.settings.sources),
        "SEMANTIC_ASSETS_DIMENSIONS": str(waiting.settings.space.dimensions),
    }
    command = [sys.executable, "-c", _COLLECT, str(waiting.settings.root)]
    process = subprocess.Popen([*command, orjson.dumps(environ).decode()], stdout=subprocess.PIPE)
    try:
        begun = time.monotonic()
        while not waiting.fired("trickle"):
            assert time.monotonic() - begun < 60
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
    left = files_of(waiting)
    assert [Path(name).suffix for name in left] == [".tmp"]
    waiting.disarm()
    waiting.pass_time(60.0)
    advance(waiting.store, waiting.gemini, submits=False)
    job = the_job(waiting)
    assert (job.state, job.succeeded) == (JobState.COLLECTED, TEXTS)
    calls = httpx2.get(f"{waiting.url}/emulator/state").json()["calls"]
    assert calls["files.download"] == 2
    assert waiting.paid_twice() == []
