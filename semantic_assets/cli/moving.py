"""Commands for growing: how far a machine reaches, and moving to several."""

import click

from semantic_assets.cli.options import edge, json_option, print_json, root_option


@click.command()
@root_option
@json_option
@click.option("--to-root", help="Where the lake goes: an empty folder, s3://... or gs://...")
@click.option(
    "--to-ledger",
    envvar="TO_LEDGER",
    help="Where the ledger goes: postgresql://... of an empty database; or in TO_LEDGER.",
)
@click.option("--dry-run", is_flag=True, help="Only count what would be copied.")
@click.option("--cancel", is_flag=True, help="Give up a move that did not end.")
@edge
def migrate(
    root: str | None,
    as_json: bool,
    to_root: str | None,
    to_ledger: str | None,
    dry_run: bool,
    cancel: bool,
) -> None:
    """Move a lake, its ledger or both; what was copied is read back and compared.

    Stop the daemon, servers and runs first. Killed, the same command goes on. What is left behind
    refuses to be opened, and says where it went.
    """
    from semantic_assets.cli.progress import telling
    from semantic_assets.config import Settings
    from semantic_assets.verbs.migrate import Migration, cancel_migration
    from semantic_assets.verbs.migrate import migrate as run

    source = Settings.load(root=root)
    target = Settings.load(root=to_root or root, ledger_url=to_ledger)
    if cancel:
        cancel_migration(source, target)
        click.echo("the move is given up; the lake and its ledger are free again")
        return
    with telling(to_stderr=as_json) as tell:
        found: Migration = run(source, target, dry_run=dry_run, tell=tell)
    if as_json:
        print_json(found)
        return
    rows = sum(found.rows.values())
    done = "moved, and read back" if found.moved else "would be moved"
    click.echo(f"{found.files:,} files ({found.bytes / 1e9:.2f} GB) and {rows:,} rows {done}")
    click.echo(f"from {found.source}\nto   {found.target}")
    if found.moved:
        click.echo("set SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL to the new place")


COMMANDS = [migrate]
