"""The command line: it reads arguments, calls one function and prints. It decides nothing."""

import sys

import click

from semantic_assets.cli import (
    adding,
    costs,
    doctor,
    everyday,
    exporting,
    generate,
    index,
    logs,
    queue,
    recovery,
    reindex,
    scaling,
    searching,
    serving,
)
from semantic_assets.cli.cells import ForeignGroup, print_trace


@click.group(cls=ForeignGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="semantic-assets")
@click.option("--log-level", type=click.Choice(logs.LEVELS), default="warning", show_default=True)
@click.option("--log-json", is_flag=True, help="Log lines as JSON, on standard error.")
def main(log_level: str, log_json: bool) -> None:
    """Embed large, living corpora through the Gemini Batch API.

    Exit codes: 0 done, 1 failed, 2 usage or settings, 4 waiting (run again). The corpus is sent by
    flush, refresh, advance and reindex, which quote first.
    """
    sys.excepthook = print_trace
    logs.set_up(log_level, as_json=log_json)


GROUPS = (
    adding,
    everyday,
    searching,
    costs,
    queue,
    generate,
    recovery,
    reindex,
    index,
    exporting,
    serving,
    scaling,
    doctor,
)
for command in (command for group in GROUPS for command in group.COMMANDS):
    main.add_command(command)
