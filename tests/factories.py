"""What tests are made of: rows, spaces, answer lines, a clock, and several processes at once."""

import multiprocessing
import os
import secrets
import signal
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.model.batch_job import BatchJob, JobKind, JobState
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import PART_ROWS
from semantic_assets.model.task import GenerationTask, canonical, in_order
from semantic_assets.settings.settings import known_variables

MODEL = "gemini-embedding-001"
SCOPE_ID = "scope-1"
SPACE = EmbeddingSpace.of(backend="emulator", model=MODEL, dimensions=768)

#: An empty value is none, and hides what the `.env` of this checkout says.
BLANK = {
    **dict.fromkeys(known_variables(), ""),
    "GEMINI_API_KEY": "",
    "GOOGLE_API_KEY": "",
}

# A server forks the children: it imports once, and has no threads that a fork could break.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["pytest", "semantic_assets.store", "tests.factories"])
_PATIENCE_SECONDS = 60.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


SUMMARY_SCHEMA = {
    "type": "object",
    "required": ["summary", "keywords"],
    "properties": {
        "summary": {"type": "string", "minLength": 1},
        "keywords": {"type": "array", "items": {"type": "string"}, "maxItems": 8},
    },
}


def make_task(**changes: Any) -> GenerationTask:
    """A task that asks for a summary; `schema` and `config` as plain values."""
    schema = changes.pop("schema", SUMMARY_SCHEMA)
    config = changes.pop("config", {"temperature": 0, "max_output_tokens": 256})
    values: dict[str, Any] = {
        "name": "summary",
        "backend": "emulator",
        "model": "gemini-3.5-flash-lite",
        "prompt": "Summarise.\n\n{title}\n\n{text}",
        "system_instruction": "You are careful.",
        "response_schema": None if schema is None else in_order(schema),
        "generation_config": canonical(config),
    }
    return GenerationTask(**values | changes)


def make_space(**changes: Any) -> EmbeddingSpace:
    return replace(SPACE, **changes)


#: In milliseconds: each job is younger than the one before.
_births = count(int(time.time() * 1000))


def make_job(**changes: Any) -> BatchJob:
    """A job about to upload; ids and names are new each time."""
    job_id = changes.pop("job_id", None) or f"{next(_births):012x}{secrets.token_hex(4)}"
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(BatchJob))
    values |= {
        "job_id": job_id,
        "kind": JobKind.EMBEDDING,
        "product_id": SPACE.space_id,
        "scope_id": SCOPE_ID,
        "model": MODEL,
        "state": JobState.UPLOADING,
        "fence": 1,
        "display_name": f"sa-ledger-{job_id}",
        "shards": ("acme.manuals.00000",),
        "requests": 10,
        "tokens_estimated": 100,
        "is_realtime": False,
        "absent_listings": 0,
        "created_at": 1_000.0,
        "updated_at": 1_000.0,
    }
    return BatchJob(**values | changes)


def make_slice(uri: str, **changes: Any) -> SourceSlice:
    """A whole file of 100 bytes that nobody has read yet."""
    item = SourceSlice(
        uri=uri, first_record=0, end_record=None, bytes=100, file_fingerprint=f"{uri}@1"
    )
    return replace(item, **changes)


def make_index_rows(count: int) -> pa.Table:
    """Row n has chunk_id `chunk-n`."""
    rows = [
        {
            "chunk_id": f"chunk-{number}",
            "document_id": f"document-{number // 3}",
            "uri": f"acme/manuals/{number // 3}.md",
            "title": None if number % 2 else f"Title {number}",
            "chunk_index": number % 3,
            "start_char": number * 10,
            "end_char": number * 10 + 9,
            "heading_path": None,
            "page": None,
            "text": f"text of {number}",
            "text_hash": f"hash-{number}",
            "batch_job_id": "job-1",
        }
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, PART_ROWS)


def write_as_before(folder: Path, rows: pa.Table, vectors: Any) -> None:
    """Write a part as releases did whose texts were among the columns."""
    folder.mkdir(parents=True)
    with (
        pa.OSFile(str(folder / "rows.arrow"), "wb") as file,
        pa.ipc.new_file(file, rows.schema) as writer,
    ):
        writer.write_table(rows, max_chunksize=2)
    np.save(folder / "vectors.npy", vectors)


def make_vectors(rows: int, dimensions: int, *, seed: int = 0) -> "np.ndarray[Any, np.dtype[Any]]":
    """Unit vectors, float32."""
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions))
    units: np.ndarray[Any, np.dtype[Any]] = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return units.astype(np.float32)


def answer_line(key: str, values: list[float], **response: object) -> bytes:
    """One line of a result file, as Google writes it."""
    answer = {"embedding": {"values": values}, **response}
    return orjson.dumps({"key": key, "response": answer}) + b"\n"


@contextmanager
def sqlite_being_made(path: Path, *, seconds: float) -> Iterator[None]:
    """A database that another connection is just making, and holds for so long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(seconds, other.execute, ["COMMIT"])
        timer.start()
        try:
            yield
        finally:
            timer.join()


def run_together(
    function: Callable[..., Any], *arguments: object, processes: int = 4
) -> list[object]:
    """Run `function(number, *arguments)` in real processes that start at one moment."""
    barrier = _PROCESSES.Barrier(processes)
    pipes = [_PROCESSES.Pipe(duplex=False) for _ in range(processes)]
    started = []
    for number, (_, sender) in enumerate(pipes):
        process = _PROCESSES.Process(
            target=_run_one, args=(barrier, sender, function, number, arguments)
        )
        process.start()
        sender.close()
        started.append(process)
    answers = [_received(receiver) for receiver, _ in pipes]
    for process in started:
        process.join(_PATIENCE_SECONDS)
        process.close()
    for ok, value in answers:
        assert ok, value
    return [value for _, value in answers]


def _run_one(
    barrier: Barrier,
    sender: Connection,
    function: Callable[..., Any],
    number: int,
    arguments: tuple[object, ...],
) -> None:
    try:
        barrier.wait(_PATIENCE_SECONDS)
        sender.send((True, function(number, *arguments)))
    except Exception:
        sender.send((False, traceback.format_exc()))


def _received(receiver: Connection) -> tuple[bool, object]:
    with receiver:
        if not receiver.poll(_PATIENCE_SECONDS):
            return False, "a process did not answer"
        answer: tuple[bool, object] = receiver.recv()
        return answer


def kill_after(count: int, function: Callable[..., Any], *arguments: object) -> list[Any]:
    """Run `function(acknowledge, *arguments)` in a process; kill -9 it after `count` calls.

    Returns all that it acknowledged, also after the last one waited for.
    """
    receiver, sender = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=function, args=(sender.send, *arguments))
    process.start()
    sender.close()
    acknowledged: list[Any] = []
    with receiver:
        while len(acknowledged) < count:
            assert receiver.poll(_PATIENCE_SECONDS), "the process did not get that far"
            acknowledged.append(receiver.recv())
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(_PATIENCE_SECONDS)
        assert process.exitcode == -signal.SIGKILL
        process.close()
        try:
            while True:
                acknowledged.append(receiver.recv())
        except (EOFError, OSError):  # an answer cut in the middle was not given
            return acknowledged


def killed_in(function: Callable[..., Any], *arguments: object) -> None:
    """Run `function(*arguments)` in a process that kills itself -9 on the way."""
    process = _PROCESSES.Process(target=function, args=arguments)
    process.start()
    process.join(_PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"
    process.close()
