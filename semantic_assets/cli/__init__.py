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
from semantic_assets.cli.cells import print_trace
from semantic_assets.cli.groups import MainGroup
from semantic_assets.cli.options import Choice


@click.group(cls=MainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="semantic-assets")
@click.option("--log-level", type=Choice(logs.LEVELS), default="warning", show_default=True)
@click.option("--log-json", is_flag=True, help="Log lines as JSON, on standard error.")
def main(log_level: str, log_json: bool) -> None:
    """Search large, living corpora by meaning, through the Gemini Batch API.

    \b
    One loop, again and again:
      semantic-assets add FOLDER          documents in, with a quote
      semantic-assets refresh             what is new is sent, awaited, indexed
      semantic-assets search "QUESTION"   passages out

    Exit codes: 0 done, 1 failed, 2 usage or settings, 4 waiting (run it again). What spends quotes
    first. `semantic-assets COMMAND -h` explains a command.
    """
    sys.excepthook = print_trace
    logs.set_up(log_level, as_json=log_json)


MODULES = (
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
for command in (command for module in MODULES for command in module.COMMANDS):
    main.add_command(command)
