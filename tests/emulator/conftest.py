"""Servers on temporary state directories, and the real SDK pointed at them."""

import json
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from google import genai
from google.genai.types import HttpOptions

from semantic_assets.emulator.server import RunningServer, serve_in_thread

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Serve = Callable[..., RunningServer]


@pytest.fixture
def serve(tmp_path: Path, background: ThreadPoolExecutor) -> Iterator[Serve]:
    """Starts servers; all of one test share a state directory."""
    started: list[RunningServer] = []

    def start(
        tier: int = 1, latency_seconds: float = 100.0, vectors: str = "hashed"
    ) -> RunningServer:
        server = serve_in_thread(
            tmp_path / "state", tier=tier, latency_seconds=latency_seconds, vectors=vectors
        )
        started.append(server)
        return server

    yield start
    for server in started:
        background.submit(server.stop)


@pytest.fixture
def emulator(serve: Serve) -> RunningServer:
    return serve()


@pytest.fixture
def connect() -> Iterator[Callable[..., genai.Client]]:
    """Makes SDK clients for a server."""
    clients: list[genai.Client] = []

    def make(server: RunningServer, api_key: str = "k", api_version: str = "v1") -> genai.Client:
        client = genai.Client(
            api_key=api_key,
            vertexai=False,
            http_options=HttpOptions(
                base_url=server.base_url,
                api_version=api_version,
                timeout=10_000,
                # Loading certificates thrice for a loopback address takes 100 ms a client.
                client_args={"verify": False},
                async_client_args={"verify": False, "ssl": _NO_CERTIFICATES},
            ),
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(emulator: RunningServer, connect: Callable[..., genai.Client]) -> genai.Client:
    return connect(emulator)


@pytest.fixture
def ask() -> Callable[..., Any]:
    """JSON of a plain HTTP call, for what the SDK hides."""

    def call(server: RunningServer, path: str, message: object = None) -> Any:
        body = None if message is None else json.dumps(message).encode()
        request = Request(server.base_url + path, data=body, headers={"x-goog-api-key": "k"})
        with urlopen(request, timeout=10) as reply:
            return json.load(reply)

    return call


@pytest.fixture
def advance(emulator: RunningServer, ask: Callable[..., Any]) -> Callable[[float], None]:
    """Moves the clock of the state directory."""

    def move(seconds: float) -> None:
        ask(emulator, "/emulator/clock", {"advance_seconds": seconds})

    return move


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., str]:
    """Uploads lines as a JSONL file and returns its name."""

    def send(client: genai.Client, *lines: object, name: str = "input.jsonl") -> str:
        path = tmp_path / name
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n"
            for line in lines
        )
        path.write_text(text, encoding="utf-8")
        uploaded = client.files.upload(file=path, config={"mime_type": "application/jsonl"})
        assert uploaded.name is not None
        return uploaded.name

    return send


@pytest.fixture
def embed_line() -> Callable[..., dict[str, Any]]:
    """A request line of an embedding batch."""

    def line(key: str, text: str, **options: Any) -> dict[str, Any]:
        request = {"content": {"parts": [{"text": text}]}, "outputDimensionality": 8, **options}
        return {"key": key, "request": request}

    return line


@pytest.fixture
def create() -> Callable[..., Any]:
    """Creates an embedding batch of an uploaded file."""

    def make(client: genai.Client, file_name: str, model: str = "gemini-embedding-001") -> Any:
        return client.batches.create_embeddings(
            model=model, src={"file_name": file_name}, config={"display_name": "job"}
        )

    return make


@pytest.fixture
def download() -> Callable[[genai.Client, str], list[dict[str, Any]]]:
    """The result lines of a finished job."""

    def read(client: genai.Client, job_name: str) -> list[dict[str, Any]]:
        destination = client.batches.get(name=job_name).dest
        assert destination is not None
        assert destination.file_name is not None
        raw = client.files.download(file=destination.file_name)
        assert raw is not None
        return [json.loads(line) for line in raw.split(b"\n") if line]

    return read


@pytest.fixture
def arm(emulator: RunningServer, ask: Callable[..., Any]) -> Callable[..., None]:
    """Arms a fault, for one firing unless told otherwise."""

    def send(
        name: str, times: int | None = 1, *, for_seconds: float | None = None, **parameters: Any
    ) -> None:
        limits = {"times": times, "for_seconds": for_seconds}
        message = {"name": name, "parameters": parameters, **limits}
        ask(emulator, "/emulator/faults", message)

    return send


@pytest.fixture
def fired(emulator: RunningServer, ask: Callable[..., Any]) -> Callable[[str], int]:
    """How often a fault fired."""

    def read(name: str) -> int:
        armed = ask(emulator, "/emulator/faults")["faults"]
        return next(fault["fired"] for fault in armed if fault["name"] == name)

    return read


@pytest.fixture
def jobs(emulator: RunningServer, ask: Callable[..., Any]) -> Callable[[], list[dict[str, Any]]]:
    """All jobs that ever were, as evidence."""
    return lambda: ask(emulator, "/emulator/state")["jobs"]


@pytest.fixture
def make_job(client, upload, embed_line, create) -> Callable[..., Any]:
    """Creates a file job of these texts; their keys are key-0, key-1 and so on."""

    def make(*texts: str) -> Any:
        lines = [embed_line(f"key-{n}", text) for n, text in enumerate(texts)]
        return create(client, upload(client, *lines))

    return make


@pytest.fixture
def prompt_line() -> Callable[..., dict[str, Any]]:
    """A request line of a generation batch: parts are texts, or media parts as they are."""

    def line(key: str, *parts: Any, schema: Any = None, **config: Any) -> dict[str, Any]:
        if schema is not None:
            config |= {"response_mime_type": "application/json", "response_json_schema": schema}
        request = {
            "contents": [{"parts": [{"text": p} if isinstance(p, str) else p for p in parts]}],
            "generation_config": config,
        }
        return {"key": key, "request": request}

    return line


@pytest.fixture
def generate_job(client, upload) -> Callable[..., Any]:
    """Creates a generation batch of a file of these lines."""

    def make(*lines: Any) -> Any:
        return client.batches.create(model="gemini-3.5-flash", src=upload(client, *lines))

    return make


@pytest.fixture
def generate(emulator: RunningServer, ask: Callable[..., Any]) -> Callable[..., Any]:
    """The answer to the request of a line, in real time."""

    def call(line: dict[str, Any]) -> Any:
        return ask(emulator, "/v1/models/gemini-3.5-flash:generateContent", line["request"])

    return call


@pytest.fixture
def answer_text() -> Callable[[Any], str]:
    """The text of a response, or of a result line."""

    def read(answer: Any) -> str:
        (candidate,) = answer.get("response", answer)["candidates"]
        (part,) = candidate["content"]["parts"]
        return str(part["text"])

    return read


@pytest.fixture
def send_media(client, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Uploads bytes and returns the part that names them."""

    def send(data: bytes, mime_type: str) -> dict[str, Any]:
        path = tmp_path / "media"
        path.write_bytes(data)
        uploaded = client.files.upload(file=path, config={"mime_type": mime_type})
        return {"file_data": {"mime_type": mime_type, "file_uri": uploaded.uri}}

    return send
