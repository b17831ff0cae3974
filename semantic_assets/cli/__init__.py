"""The command line: read arguments, call one verb, print. No decisions in here."""

import click

from semantic_assets.cli import care, flow, index, money, reindex


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="semantic-assets")
def main() -> None:
    """Embeddings of large, living corpora through the Gemini Batch API."""


GROUPS = (flow, money, care, reindex, index)
for command in (command for group in GROUPS for command in group.COMMANDS):
    main.add_command(command)
