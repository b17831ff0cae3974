"""Commands that serve: the REST API with its page, MCP, keys, and the emulator."""

from dataclasses import replace
from pathlib import Path

import click

from semantic_assets.cli.cells import say
from semantic_assets.cli.options import Choice, edge, json_option, root_option, show_found
from semantic_assets.errors import ConfigError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True)
@click.option("--max-file-mb", type=click.IntRange(1), help="Largest file of an upload [256].")
@click.option("--keys", "needs_key", is_flag=True, help="Ask for keys also on loopback.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer, on one address.",
)
@root_option
@edge
def serve(
    host: str,
    port: int,
    max_file_mb: int | None,
    needs_key: bool,
    workers: int,
    root: str | None,
) -> None:
    """Serve the REST API and its search page. On any address but loopback it requires keys."""
    try:
        from semantic_assets.rest.server import serve_forever
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed: pip install 'semantic-assets[rest]'"
        ) from error
    serve_forever(
        root,
        host=host,
        port=port,
        max_file_mb=max_file_mb,
        needs_key=needs_key,
        workers=workers,
        on_ready=lambda url: say(f"{url}  (its documentation: {url}/docs)"),
    )


@click.command()
@click.option("--project", metavar="P", help="Let this project be read, and no other.")
@click.option("--http", "over_http", is_flag=True, help="Over HTTP, for clients that connect.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --http.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8001, show_default=True)
@click.option("--keys", "needs_key", is_flag=True, help="With --http: ask for keys on loopback.")
@root_option
@edge
def mcp(
    project: str | None,
    over_http: bool,
    host: str,
    port: int,
    needs_key: bool,
    root: str | None,
) -> None:
    """Serve search and reading to agents by MCP, over standard input and output or HTTP.

    It changes nothing. A question may cost a fraction of a cent and is booked like any other.
    """
    try:
        from semantic_assets.mcp.stdio import serve_stdio

        if over_http:
            from semantic_assets.rest.server import serve_forever
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed: pip install 'semantic-assets[mcp,rest]'"
        ) from error
    if not over_http:
        serve_stdio(root, project=project)
        return
    if project is not None:
        raise ConfigError(
            "--project is for standard input and output: over HTTP a key limits, see "
            "`semantic-assets keys create --project P --role read`"
        )
    serve_forever(
        root,
        host=host,
        port=port,
        max_file_mb=None,
        needs_key=needs_key,
        only_agents=True,
        on_ready=lambda url: say(f"{url}/mcp"),
    )


@click.group()
def keys() -> None:
    """Create, list and revoke keys of the REST API."""


@keys.command()
@click.option("--project", required=True, help="One project, or '*' for all and for the queue.")
@click.option("--role", type=Choice(("read", "write", "admin")), required=True)
@click.option("--label", default="", help="What it is for, as `keys list` shows it.")
@click.option("--expires-in-days", type=click.FloatRange(0, min_open=True), help="Default: never.")
@click.option("--requests-per-minute", type=click.IntRange(1), help="Default: no limit.")
@click.option("--upload-mb-per-day", type=click.IntRange(1), help="Default: no limit.")
@click.option("--datasets", type=click.IntRange(1), help="That it may store into [no limit].")
@click.option("--usd-per-day", type=click.FloatRange(0), help="For real-time calls [no limit].")
@root_option
@edge
def create(
    project: str,
    role: str,
    label: str,
    expires_in_days: float | None,
    requests_per_minute: int | None,
    upload_mb_per_day: int | None,
    datasets: int | None,
    usd_per_day: float | None,
    root: str | None,
) -> None:
    """Create a key. It is shown only this once and kept as a hash."""
    from semantic_assets.api.functions import opened
    from semantic_assets.rest.api_keys import ApiKeys, Quota

    quota = Quota(
        requests_per_minute=requests_per_minute,
        upload_bytes_per_day=None if upload_mb_per_day is None else upload_mb_per_day << 20,
        datasets=datasets,
        usd_per_day=usd_per_day,
    )
    with opened(root) as (store, _):
        key, secret = ApiKeys(store.lake).make(
            project=project, role=role, label=label, expires_in_days=expires_in_days, quota=quota
        )
    say(f"key {key.key_id}: {key.role} in {key.project}", err=True)
    say(secret)


@keys.command(name="list")
@root_option
@json_option
@edge
def list_(root: str | None, as_json: bool) -> None:
    """List the keys with their rights, limits and last use.

    The keys themselves are not kept.
    """
    from semantic_assets.api.functions import opened
    from semantic_assets.rest.api_keys import ApiKeys
    from semantic_assets.rest.usage import Usage

    with opened(root, reading=True) as (store, _):
        last_used = Usage.of(store.lake).last_used()
        show_found(ApiKeys(store.lake).rows(last_used), as_json)


@keys.command()
@click.argument("key_id")
@root_option
@edge
def revoke(key_id: str, root: str | None) -> None:
    """Revoke the key KEY_ID; it is refused from the next request on."""
    from semantic_assets.api.functions import opened
    from semantic_assets.rest.api_keys import ApiKeys

    with opened(root) as (store, _):
        ApiKeys(store.lake).revoke(key_id)
    say(f"key {key_id} is refused from now on")


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8100, show_default=True)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: the settings' folder.",
)
@click.option("--latency", type=float, metavar="SECONDS", help="From a job's creation to its end.")
@click.option("--tier", type=click.IntRange(1, 3), help="The tier of its quotas.")
@edge
def emulator(port: int, state_dir: Path | None, latency: float | None, tier: int | None) -> None:
    """Serve the local emulator of the Gemini API, for several processes to share."""
    from semantic_assets.gemini.endpoint import serve_emulator
    from semantic_assets.settings.settings import Settings

    settings = Settings.load()
    if state_dir is not None:
        settings = replace(settings, emulator_dir=state_dir.resolve())
    serve_emulator(
        settings,
        port=port,
        latency_seconds=latency,
        tier=tier,
        on_ready=lambda url: say(f"{url}  (export SEMANTIC_ASSETS_EMULATOR_URL={url})"),
    )


COMMANDS = [serve, mcp, keys, emulator]
