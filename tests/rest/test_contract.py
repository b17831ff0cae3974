"""Schemathesis with keys against a served process, in its short form; see contract.py for the long."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rest import contract
from tests.rest.served_process import Caller, ServedProcess, served_process

#: Operations of which a short run tries every case that their schemas name; a full run tries all.
_DRAWN = 3


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProcess]:
    with served_process(tmp_path_factory.mktemp("contract")) as found:
        yield found


def _labels(document: dict[str, Any]) -> list[str]:
    return [f"{one.upper()} {path}" for path, of in document["paths"].items() for one in of]


@pytest.mark.dear
def test_no_answer_to_any_caller_breaks_the_contract(
    served: ServedProcess, pytestconfig: pytest.Config
) -> None:
    is_full, seed = pytestconfig.getoption("full"), pytestconfig.getoption("sample_seed")
    document = contract.document(served.url)
    labels = _labels(document)
    drawn = labels if is_full else random.Random(seed).sample(labels, _DRAWN)

    def run(caller: Caller, *phases: str, only: list[str], examples: int) -> contract.Ran:
        return contract.run(
            served, caller, document, seed=seed, phases=phases, only=only, examples=examples
        )

    ran = run(
        served.admin, "examples", "fuzzing", "stateful", only=labels, examples=25 if is_full else 2
    )
    ran.add(run(served.admin, "coverage", only=drawn, examples=1))
    for caller in (*served.known, *served.refused):
        ran.add(run(caller, "fuzzing", only=labels if is_full else drawn, examples=3))
    assert ran.findings == {}
    assert max(ran.answers) < 500
    assert len(labels) >= 20
    assert ran.answers.total() > 100
    assert {200, 202, 401, 403, 404, 422} <= set(ran.answers)


@pytest.mark.dear
def test_a_contract_that_is_not_kept_is_found(served: ServedProcess) -> None:
    document = contract.document(served.url)
    del document["paths"]["/v1/datasets"]["get"]["responses"]["200"]
    ran = contract.run(
        served,
        served.admin,
        document,
        seed=1,
        phases=("fuzzing",),
        only=["GET /v1/datasets"],
        examples=1,
    )
    assert list(ran.findings) == ["GET /v1/datasets: Undocumented status code"]
