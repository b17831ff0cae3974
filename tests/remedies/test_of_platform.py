"""What is said of the settings and credentials of Google's services makes them work."""

from dataclasses import replace

import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.gemini.connections import Connections
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.settings.settings import Settings
from tests.agent_platform.account import write_account
from tests.remedies.desk import Desk
from tests.trial import on_the_agent_platform

_PREFIX = "SEMANTIC_ASSETS_"


@pytest.mark.cures("{}BACKEND=gemini needs GEMINI_API_KEY")
def test_the_developer_api_without_a_key(desk: Desk) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        desk.environment.delenv(name, raising=False)
    desk.must("init")
    desk.set("BACKEND", "gemini")
    desk.set("GEMINI_URL", desk.url)
    desk.set("UNPROBED", "1")
    desk.set("MAX_COST_USD_PER_DAY", "5")
    said = desk.refused("refresh", "-y")
    desk.followed.append(said)
    desk.environment.setenv("GEMINI_API_KEY", "emulator")
    desk.must("refresh", "-y")


@pytest.mark.cures("{}BACKEND=agent-platform needs {}", "{}AGENT_STAGING={}: use gs://")
def test_the_agent_platform_with_the_backend_alone(desk: Desk) -> None:
    desk.set("BACKEND", "agent-platform")
    said = desk.refused("init")
    for name, value in (("PROJECT", "harbour"), ("LOCATION", "us-central1"), ("STAGING", "here")):
        desk.settle(said, f"AGENT_{name}", value)
    desk.settle(desk.refused("init"), "AGENT_STAGING", "gs://bucket/staging")
    desk.must("init")


@pytest.mark.cures("SEMANTIC_ASSETS_AGENT_STAGING is not set")
def test_settings_of_a_program_without_a_staging_place(desk: Desk, settings: Settings) -> None:
    given = {"backend": "agent-platform", "agent_project": "p", "agent_location": "us-central1"}
    connections = Connections(endpoint_of(replace(settings, **given)))
    with pytest.raises(ConfigError) as refusal:
        _ = connections.staging
    connections.close()
    for name, value in given.items():
        desk.set(name.upper(), value)
    desk.settle(str(refusal.value), "AGENT_STAGING", "gs://bucket/staging")
    desk.must("init")


@pytest.mark.cures(
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the file "
    "of an account"
)
def test_the_agent_platform_without_credentials(desk: Desk) -> None:
    for name, value in on_the_agent_platform(desk.url).items():
        desk.set(name.removeprefix(_PREFIX), value)
    desk.environment.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    desk.environment.setenv("CLOUDSDK_CONFIG", str(desk.folder / "gcloud"))
    desk.environment.setenv("NO_GCE_CHECK", "true")  # this machine has no account of its own
    desk.must("init")
    desk.followed.append(desk.refused("refresh", "-y"))
    file = write_account(desk.folder / "account.json", desk.url)
    desk.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    desk.must("refresh", "-y")
    assert "valve" in desk.must("search", "the valve")


def _on_a_key(desk: Desk) -> None:
    """The Developer API, and one dataset that names the Agent Platform."""
    write_account_of(desk)
    for name, value in on_the_agent_platform(desk.url).items():
        desk.set(name.removeprefix(_PREFIX), value)
    desk.set("BACKEND", "gemini")
    desk.set("GEMINI_URL", desk.url)
    desk.environment.setenv("GEMINI_API_KEY", "emulator")
    desk.write()
    desk.write("dataset.toml", 'backend = "agent-platform"\n')


def write_account_of(desk: Desk) -> None:
    file = write_account(desk.folder / "account.json", desk.url)
    desk.environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


def test_a_dataset_that_names_a_service_which_is_not_set_up(desk: Desk) -> None:
    _on_a_key(desk)
    desk.must("init")
    desk.set("AGENT_STAGING", None)
    said = desk.send("-y")
    assert "agent-platform is not set up" in said
    desk.settle(said, "AGENT_STAGING", "gs://bucket/staging")
    desk.must("refresh", "-y")


@pytest.mark.cures(
    "the backend {} was not probed: run `semantic-assets probe` with SEMANTIC_ASSETS_BACKEND={} once"
)
def test_a_dataset_that_names_a_service_which_was_not_probed(desk: Desk) -> None:
    _on_a_key(desk)
    desk.set("UNPROBED", None)
    desk.must("init")
    desk.must("probe", "-y")  # of the key
    said = desk.send("-y")
    desk.settle(said, "BACKEND", "agent-platform")
    desk.follow(said, "probe", "-y")
    desk.set("BACKEND", "gemini")
    desk.must("refresh", "-y")
