"""Schemathesis over the OpenAPI schema: whatever fits it, and what does not, never gets a 5xx."""

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.rest.app import create_app

#: Of each operation in each mode: in a full run, and in a short one.
EXAMPLES, FEW_EXAMPLES = 25, 5


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("schema")
    running = serve_in_thread(folder / "emulator", tier=1, latency_seconds=0.2)
    patch = pytest.MonkeyPatch()
    patch.setenv("SEMANTIC_ASSETS_SOURCES", str(folder / "sources"))
    patch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", running.base_url)
    patch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    core = SemanticCore(folder / "lake")
    _ = core.store
    patch.undo()
    return create_app(core, needs_key=False)


@pytest.mark.dear
def test_no_request_is_answered_with_an_error_of_the_server(
    app: FastAPI, pytestconfig: pytest.Config
) -> None:
    examples = EXAMPLES if pytestconfig.getoption("full") else FEW_EXAMPLES
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"Host": "127.0.0.1"})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 15
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            _try(operation, mode, examples)


def _try(
    operation: schemathesis.APIOperation, mode: schemathesis.GenerationMode, examples: int
) -> None:
    """503 is an answer: the emulator may say that it is busy."""

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case) -> None:
        case.headers["Host"] = "127.0.0.1"
        answer = case.call()
        assert answer.status_code < 500 or answer.status_code == 503, answer.text

    try:
        answered()
    except hypothesis.errors.Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing can be wrong with no input
