"""Run the command line as `python -m semantic_assets`."""

from semantic_assets.cli import main

main()
