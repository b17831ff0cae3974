"""Each command that a failed check or run of Dagster names runs on the shard that failed."""

import re
import shlex

from semantic_assets.orchestration.reporting import remedies
from tests.interfaces.test_dagster_remedies import COMMANDS
from tests.remedies.desk import DATASET, Desk
from tests.remedies.messages import PACKAGE

#: A decision about one job: followed in test_of_jobs.py.
_OF_ONE_JOB = "resolve JOB"


def _commands() -> list[str]:
    """List the commands of all remedies, that of an error of the program itself too."""
    of_program = remedies.remedy_of_error(ZeroDivisionError())
    return sorted({*COMMANDS, *re.findall(r"`semantic-assets ([^`]+)`", of_program)})


def test_every_remedy_of_dagster_is_among_them() -> None:
    source = (PACKAGE / "orchestration" / "reporting" / "remedies.py").read_text()
    commands = set(re.findall(r"semantic-assets ([a-z]+)", source))
    assert commands == {one.split()[0] for one in _commands()}


def test_every_command_ends_well(desk: Desk) -> None:
    folder = desk.sources / DATASET
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "Who opens the valve?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta.txt\t1\n")
    (folder / "short.task.toml").write_text(
        'model = "gemini-3.5-flash-lite"\nprompt = "Sum up.\\n\\n{text}"\n'
    )
    desk.must("refresh")
    desk.write("b.txt", "The pump is primed.")
    desk.must("refresh")  # there is a version to roll back to
    for command in _commands():
        if not command.startswith(_OF_ONE_JOB):
            desk.must(*shlex.split(command.replace("P/D", DATASET)))
