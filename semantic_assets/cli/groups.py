"""The main command: its help in groups, and what a mistyped word was meant to be."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import click

from semantic_assets.cli.cells import ForeignGroup

#: Every command that is not hidden, once, in the order of use, with a line that fits 80 columns.
GROUPS: dict[str, dict[str, str]] = {
    "Every day": {
        "add": "Copy a folder or files below the sources, and quote them.",
        "ingest": "Hand over texts that are not to stay as files of yours.",
        "estimate": "Quote the next refresh: tokens, dollars, finish.",
        "refresh": "Bring all that is new to search, and wait for it.",
        "search": "Find the passages that answer a question.",
        "status": "Show what is done and what is left, or one dataset or job.",
        "ls": "List the shards, or what is left to do in each dataset.",
        "generate": "Process documents by a task: prompts with a JSON schema.",
        "submit-contents": "Process a file by a task, under a name.",
    },
    "While it runs": {
        "send": "Chunk what is new and send what fits; wait for nothing.",
        "collect": "Take in the jobs that ended, and index; send nothing.",
        "jobs": "List the batch jobs, newest first.",
        "window": "Show how full the window of enqueued tokens was.",
        "results": "Write the results of a job to a file.",
        "cancel": "Ask Google to stop a job.",
    },
    "When it needs a person": {
        "doctor": "Check settings, folders, ledger, key and service.",
        "failures": "List what is not in search, by reason, with its remedy.",
        "retry": "Give FAILED texts another chance.",
        "verify": "Check vectors, norms, canaries and indexes.",
        "resolve": "Decide about an unconfirmed, quarantined or damaged job.",
        "recover": "Rebuild ledger rows after a ledger was lost.",
        "cleanup": "Delete leftovers of jobs, here and at Google.",
        "rm": "Take datasets out of lake and index; files stay.",
    },
    "Administration": {
        "init": "Make a lake and its ledger.",
        "probe": "Test what only the service itself can settle.",
        "spend": "Enter what other tools spend on the same key.",
        "index": "List, build, switch, roll back and export versions.",
        "reindex": "Move datasets to another model or size.",
        "quality": "Measure how well each mode answers judged questions.",
        "import-vectors": "Import vectors that were paid for elsewhere.",
        "compact": "Write amended tables as one file each.",
        "export": "Bring a folder, file or table to the rows of search.",
        "map": "Show the passages as a map in the browser.",
        "sql": "Query documents, chunks, jobs and the rest.",
        "serve": "Serve the REST API and its search page.",
        "mcp": "Let agents search and read.",
        "keys": "Create, list and revoke keys of the REST API.",
        "capacity": "Estimate days, dollars and bytes of a corpus.",
        "migrate": "Move a lake, its ledger or both.",
        "emulator": "Serve the local emulator of the Gemini API.",
        "completion": "Print tab completion for a shell.",
    },
}


class MainGroup(ForeignGroup):
    """The commands in their groups."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        grouped = [name for names in GROUPS.values() for name in names]
        return [*grouped, *sorted(self.commands.keys() - {*grouped})]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for names in GROUPS.values() for name in names)
        for heading, told in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in told.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0].startswith("-") or args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"No such command '{args[0]}'.{self._meant(args[0])}", ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name in _options_of(self.commands.values()):
                raise click.UsageError(
                    f"'{error.option_name}' stands after the command, as in "
                    f"'semantic-assets status {error.option_name} ...'.",
                    ctx,
                ) from None
            raise

    def _meant(self, word: str) -> str:
        """Return what a mistyped command was meant to be, and commands inside of another."""
        names = [name for name, one in self.commands.items() if not one.hidden]
        near = get_close_matches(word, names, 3)
        inner = {found: f"{group} {found}" for group, found in self._inner()}
        near = near or [inner[one] for one in get_close_matches(word, inner, 1)]
        return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""

    def _inner(self) -> Iterator[tuple[str, str]]:
        for name, one in self.commands.items():
            for inner in one.commands if isinstance(one, click.Group) else ():
                yield name, inner


def _options_of(commands: Iterable[click.Command]) -> set[str]:
    return {name for one in commands for param in one.params for name in param.opts}
