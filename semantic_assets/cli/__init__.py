"""The command line: read arguments, call one verb, print. No decisions in here."""

import click

from semantic_assets.cli import care, flow, money, reindex


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="semantic-assets")
def main() -> None:
    """Embeddings of large, living corpora through the Gemini Batch API."""


for command in (*flow.COMMANDS, *money.COMMANDS, *care.COMMANDS, *reindex.COMMANDS):
    main.add_command(command)
