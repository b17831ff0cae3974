"""The scaling commands: the capacity of one machine, and the move to several."""

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import (
    edge,
    json_option,
    print_json,
    root_option,
    takes_datasets,
)
from semantic_assets.model.wording import counted


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
    """Move a lake, its ledger or both; the copy is read back and compared.

    Stop the daemon, servers and runs first. A killed move continues when the command is repeated.
    A lake or ledger left behind refuses to be opened, and says where it went.
    """
    from semantic_assets.cli.progress import progress_reporter
    from semantic_assets.pipeline.maintenance.migrate import Migration, cancel_migration
    from semantic_assets.pipeline.maintenance.migrate import migrate as run
    from semantic_assets.settings.settings import Settings

    source = Settings.load(root=root)
    target = Settings.load(root=to_root or root, ledger_url=to_ledger)
    if cancel:
        cancel_migration(source, target)
        say("the move is given up; the lake and its ledger are free again")
        return
    with progress_reporter(to_stderr=as_json) as progress:
        found: Migration = run(source, target, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(found)
        return
    rows = sum(found.rows.values())
    done = "moved, and read back" if found.moved else "would be moved"
    say(
        f"{counted(found.files, 'file')} ({found.bytes / 1e9:.2f} GB) and {counted(rows, 'row')} {done}"
    )
    say(f"from {found.source}")
    say(f"to   {found.target}")
    if found.moved:
        say("set SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL to the new place")


@click.command()
@root_option
@json_option
@takes_datasets()
@edge
def compact(root: str | None, as_json: bool, datasets: tuple[str, ...]) -> None:
    """Write tables that small changes have amended as one file each.

    A plain glob over the lake then sees the present rows alone. `refresh` does so by itself when
    a table has many amendments.
    """
    from semantic_assets.api.core import dataset_keys
    from semantic_assets.api.functions import opened
    from semantic_assets.pipeline.maintenance.compact import compact_tables

    with opened(root) as (store, _):
        found = compact_tables(store, datasets=dataset_keys(store, datasets))
    if as_json:
        print_json(found)
        return
    say(f"{len(found.tables):,} tables are one file each")
    for path in found.busy:
        say(f"{path} is being written: run it again")


@click.command()
@click.option(
    "--articles", type=click.IntRange(1), multiple=True, help="How many; several for several sizes."
)
@click.option("--tier", type=click.IntRange(1, 3), default=1, show_default=True)
@click.option(
    "--tokens", type=click.IntRange(1), default=2_526, show_default=True, help="Per article."
)
@click.option("--dimensions", type=click.IntRange(1), default=768, show_default=True)
@click.option(
    "--changed",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="Share changed a day.",
)
@json_option
@edge
def capacity(
    articles: tuple[int, ...],
    tier: int,
    tokens: int,
    dimensions: int,
    changed: float,
    as_json: bool,
) -> None:
    """Estimate shards, bytes, jobs, days and dollars for a corpus, and what breaks first.

    It uses constants measured on articles of 2,526 tokens; it needs no lake and no key.
    """
    from semantic_assets.cli.cells import show
    from semantic_assets.cli.terminal_tables import capacity_tables
    from semantic_assets.pipeline.costs.services.capacity import capacity as reckon

    sizes = articles or tuple(10**power for power in range(4, 10))
    found = [
        reckon(
            size,
            tier=tier,
            dimensions=dimensions,
            tokens_of_article=tokens,
            changed_a_day=changed,
        )
        for size in sizes
    ]
    if as_json:
        print_json(found)
    else:
        show(*capacity_tables(found))


COMMANDS = [capacity, migrate, compact]
