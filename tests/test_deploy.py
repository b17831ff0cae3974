"""What can be held of deploy/ without a cluster: Dagster's own schemas take it, names are names."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type, validate_config
from dagster._core.instance.config import dagster_instance_config, dagster_instance_config_schema

from semantic_assets.settings.settings import PREFIX, known_variables

PROJECT = Path(__file__).resolve().parent.parent
DEPLOY = PROJECT / "deploy"
CELERY = DEPLOY / "celery"
#: Those of deploy/celery/dagster.yaml.
ENVIRON = {
    "DAGSTER_PG_HOST": "127.0.0.1",
    "DAGSTER_PG_PORT": "5432",
    "DAGSTER_PG_USERNAME": "dagster",
    "DAGSTER_PG_PASSWORD": "secret",
    "DAGSTER_PG_DB": "dagster",
    "DAGSTER_MAX_CONCURRENT_RUNS": "8",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
    "CELERY_RESULT_BACKEND": "redis://127.0.0.1:6379/1",
}


def _yaml(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def _values() -> dict[str, Any]:
    return _yaml(DEPLOY / "kubernetes" / "values.yaml")


def _files() -> list[Path]:
    """Those a person wrote."""
    written = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return [path for path in written if path.name != "requirements.lock"]


def _takes(module: str, class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as the class gets it."""
    pytest.importorskip(module)
    kind = getattr(import_module(module), class_name)
    found = process_config(resolve_to_config_type(kind.config_type()), config)
    assert found.success, found.errors
    value: dict[str, Any] = found.value
    return value


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
    named = _yaml(CELERY / "dagster.yaml")[block]
    if named["module"].startswith("semantic_assets"):
        pytest.importorskip("dagster_celery")
    value = _takes(named["module"], named["class"], named["config"])
    if block == "run_coordinator":
        assert value["max_concurrent_runs"] == 8
    if block == "run_launcher":
        assert value["broker"] == environ["CELERY_BROKER_URL"]


def test_the_storage_is_built_from_the_environment_alone(environ: dict[str, str]) -> None:
    utils = pytest.importorskip("dagster_postgres.utils")
    config = _yaml(CELERY / "dagster.yaml")["storage"]["postgres"]
    found = process_config(utils.pg_config(), config)
    assert found.success, found.errors
    url = utils.pg_url_from_config(found.value)
    assert url == "postgresql+psycopg2://dagster:secret@127.0.0.1:5432/dagster"


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


def test_the_run_launcher_of_the_chart_takes_its_config() -> None:
    launcher = _values()["runLauncher"]
    given = launcher["config"]["k8sRunLauncher"]
    run = {_snake(name): value for name, value in given["runK8sConfig"].items()}
    _takes(
        "dagster_k8s",
        launcher["type"],
        {
            "image_pull_policy": given["imagePullPolicy"],
            "run_k8s_config": run,
            # As the chart's template adds them.
            "service_account_name": "fleet",
            "instance_config_map": "fleet-instance",
            "postgres_password_secret": _values()["global"]["postgresqlSecretName"],
            "dagster_home": "/opt/dagster/dagster_home",
            "job_namespace": "default",
            "load_incluster_config": True,
        },
    )


def test_a_run_on_kubernetes_has_the_resources_that_are_written() -> None:
    context = pytest.importorskip("dagster_k8s.container_context")
    given = _values()["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    run = {_snake(name): value for name, value in given.items()}
    [location] = _values()["dagster-user-deployments"]["deployments"]
    assert "resources" not in location  # they would win over those of the launcher
    made = context.K8sContainerContext(
        run_k8s_config=context.UserDefinedDagsterK8sConfig.from_dict(run)
    )
    assert made.run_k8s_config.container_config["resources"]["limits"] == {"memory": "3Gi"}


def test_dagster_takes_what_the_chart_passes_on() -> None:
    extra = _values()["additionalInstanceConfig"]
    schema = {name: dagster_instance_config_schema()[name] for name in extra}
    found = validate_config(resolve_to_config_type(schema), extra)
    assert found.success, found.errors
    daemon = _values()["dagsterDaemon"]
    # The chart would write these blocks a second time.
    assert not daemon["runMonitoring"]["enabled"]
    assert not daemon["runRetries"]["enabled"]


def test_every_setting_named_is_one() -> None:
    named = {
        name for path in _files() for name in re.findall(rf"{PREFIX}[A-Z_]+", path.read_text())
    }
    assert named
    assert named <= known_variables()


def test_the_module_named_is_the_code_location() -> None:
    [location] = _values()["dagster-user-deployments"]["deployments"]
    assert location["dagsterApiGrpcArgs"] == ["-m", "semantic_assets.definitions"]
    assert '"-m", "semantic_assets.definitions"]' in (DEPLOY / "Dockerfile").read_text()


def _copied() -> Iterator[str]:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *sources, _ = line.split()[1:]
            yield from sources


def test_what_the_image_copies_is_there_and_is_let_through() -> None:
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert len(list(_copied())) > 3
    for source in _copied():
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in let_through, source


def test_the_image_installs_from_the_lock_with_hashes_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.lock" in lines
    assert re.search(r"^USER \d+$", lines, re.MULTILINE)


def test_the_lock_has_every_extra_and_no_address() -> None:
    lock = (DEPLOY / "requirements.lock").read_text()
    assert "://" not in lock
    locked = {line.split("=")[0].split("[")[0] for line in lock.splitlines() if "==" in line}
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    wanted = {
        re.split(r"[\[><=]", one)[0] for name in ("celery", "kubernetes") for one in extras[name]
    }
    assert wanted <= locked
    shared = (PROJECT / "requirements.lock").read_text()
    assert {line for line in shared.splitlines() if "==" in line} <= set(lock.splitlines())


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)
