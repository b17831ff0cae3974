"""What can be held of deploy/celery without servers: Dagster's and Celery's own classes take it."""

import re

import pytest
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config

from tests.deploy.given import CELERY, read_yaml, taken

#: Those of deploy/celery/dagster.yaml.
ENVIRON = {
    "DAGSTER_PG_HOST": "127.0.0.1",
    "DAGSTER_PG_PORT": "5432",
    "DAGSTER_PG_USERNAME": "dagster",
    "DAGSTER_PG_PASSWORD": "secret",
    "DAGSTER_PG_DB": "dagster",
    "DAGSTER_MAX_CONCURRENT_RUNS": "8",
    "CELERY_BROKER_URL": "rediss://:secret@127.0.0.1:6379/0",
    "CELERY_RESULT_BACKEND": "rediss://:secret@127.0.0.1:6379/1",
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    return ENVIRON


def test_dagster_takes_the_settings_of_the_celery_fleet(environ: dict[str, str]) -> None:
    config, _ = dagster_instance_config(str(CELERY))
    assert config["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"


@pytest.mark.parametrize("block", ["run_coordinator", "run_launcher", "compute_logs"])
def test_each_class_of_the_celery_fleet_takes_its_config(
    block: str, environ: dict[str, str]
) -> None:
    named = read_yaml(CELERY / "dagster.yaml")[block]
    if named["module"].startswith("semantic_assets"):
        pytest.importorskip("dagster_celery")
    value = taken(named["module"], named["class"], named["config"])
    if block == "run_coordinator":
        assert value["max_concurrent_runs"] == 8
    if block == "run_launcher":
        assert value["broker"] == environ["CELERY_BROKER_URL"]


def test_the_storage_is_built_from_the_environment_alone(environ: dict[str, str]) -> None:
    utils = pytest.importorskip("dagster_postgres.utils")
    config = read_yaml(CELERY / "dagster.yaml")["storage"]["postgres"]
    found = process_config(utils.pg_config(), config)
    assert found.success, found.errors
    url = utils.pg_url_from_config(found.value)
    assert url == "postgresql+psycopg2://dagster:secret@127.0.0.1:5432/dagster?sslmode=verify-full"


def test_the_variables_of_the_celery_fleet_are_listed() -> None:
    settings = (CELERY / "dagster.yaml").read_text()
    named = set(re.findall(r"env: (\w+)", settings))
    assert named == set(ENVIRON)
    listed = (CELERY / "README.md").read_text()
    assert all(f"`{name}`" in listed for name in named)


def test_the_settings_of_the_workers_are_celery_s() -> None:
    defaults = pytest.importorskip("celery.app.defaults")
    written = (CELERY / "dagster_celery_config.py").read_text()
    names = re.findall(r"^(\w+) = ", written, re.MULTILINE)
    assert len(names) > 4
    assert set(names) <= set(defaults.DEFAULTS)
