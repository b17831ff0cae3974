"""Each command that a failed check or run of Dagster names runs on the shard that failed."""

import re
import shlex

from semantic_assets import errors
from semantic_assets.defs import remedies
from semantic_assets.settings.settings import Settings
from tests.remedies.desk import DATASET, Desk
from tests.remedies.messages import PACKAGE

SHARD = "acme.manuals.00000"
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.SemanticAssetsError)
    and not kind.__subclasses__()
]
TEXTS = [
    *(remedies.remedy_of_check(name, SHARD) for name in remedies.PROMISES),
    *(remedies.remedy_of_error(kind()) for kind in KINDS),
    remedies.remedy_of_error(OSError()),
    remedies.remedy_of_error(ZeroDivisionError()),
]
#: A decision about one job: followed in test_of_jobs.py.
_OF_ONE_JOB = "resolve JOB"


def test_every_remedy_of_dagster_is_among_them() -> None:
    source = (PACKAGE / "defs" / "remedies.py").read_text()
    commands = set(re.findall(r"semantic-assets ([a-z]+)", source))
    assert commands == {one.split()[0] for one in _commands()}


def _commands() -> list[str]:
    found = (re.findall(r"`semantic-assets ([^`]+)`", text) for text in TEXTS)
    return sorted({one for commands in found for one in commands})


def test_every_command_ends_well(desk: Desk) -> None:
    folder = desk.sources / DATASET
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "Who opens the valve?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta.txt\t1\n")
    desk.must("refresh")
    desk.write("b.txt", "The pump is primed.")
    desk.must("refresh")  # there is a version to roll back to
    for command in _commands():
        if not command.startswith(_OF_ONE_JOB):
            desk.must(*shlex.split(command.replace("P/D", DATASET)))


def test_every_setting_is_one() -> None:
    known = {f"SEMANTIC_ASSETS_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert set(re.findall(r"SEMANTIC_ASSETS_\w+", " ".join(TEXTS))) <= known
