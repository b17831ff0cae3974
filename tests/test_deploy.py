"""What can be held of deploy/ without a cluster: Dagster's own schemas take it, names are names."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import packages_distributions
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type, validate_config
from dagster._core.instance.config import dagster_instance_config, dagster_instance_config_schema
from packaging.utils import canonicalize_name

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
    return [path for path in written if path.suffix != ".lock"]


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


def _dockerfile() -> list[str]:
    return (DEPLOY / "Dockerfile").read_text().splitlines()


def _copied() -> Iterator[str]:
    for line in _dockerfile():
        if line.startswith("COPY ") and "--from=" not in line:
            *sources, _ = line.split()[1:]
            yield from sources


def test_what_the_image_copies_is_there_and_is_let_through() -> None:
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert len(list(_copied())) > 3
    for source in _copied():
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in let_through, source


def test_the_image_installs_from_locks_with_hashes_and_runs_as_nobody_special() -> None:
    installs = [line for line in _dockerfile() if "pip install" in line or "pip wheel" in line]
    assert len(installs) == 4
    for line in installs:
        assert "--require-hashes" in line or "--no-deps" in line, line
        assert "--require-hashes" in line or "--no-index" in line or "--no-build-i" in line, line
    assert any(re.fullmatch(r"USER [1-9]\d*", line) for line in _dockerfile())


def test_every_base_of_the_image_is_named_by_its_content() -> None:
    bases, stages = set(), set()
    for line in _dockerfile():
        if found := re.fullmatch(r"FROM (\S+)(?: AS (\S+))?", line):
            bases |= {found[1]} - stages
            stages.add(found[2])
    [base] = bases
    assert re.fullmatch(r"python:3\.11-slim@sha256:[0-9a-f]{64}", base)


def test_the_image_listens_to_itself_alone() -> None:
    [command] = [line for line in _dockerfile() if line.startswith("CMD ")]
    given = json.loads(command.removeprefix("CMD "))
    assert ip_address(given[given.index("-h") + 1]).is_loopback
    assert not [line for line in _dockerfile() if line.startswith("EXPOSE")]


#: What tests, the browser and the benchmarks need.
NOT_RUN = {"dev", "ui", "benchmarks"}


def _lock(path: str) -> str:
    return (PROJECT / path).read_text()


def _requirements() -> set[str]:
    """Names of what the package requires, with the extras that the image has."""
    project = tomllib.loads(_lock("pyproject.toml"))["project"]
    wanted = list(project["dependencies"])
    for name, requirements in project["optional-dependencies"].items():
        wanted += requirements if name not in NOT_RUN else []
    return {_name(one) for one in wanted}


def _name(requirement: str) -> str:
    return canonicalize_name(re.split(r"[\[><=;! ]", requirement)[0])


def _reasons() -> dict[str, set[str]]:
    """For each package of the image's lock those that require it, as its comments say."""
    found: dict[str, set[str]] = {}
    for line in _lock("deploy/requirements.lock").splitlines():
        if "==" in line:
            reasons = found[_name(line)] = set()
        elif comment := re.fullmatch(r" +#(?: +via)? +(\S.*)", line):
            reasons.add(comment[1] if "(" in comment[1] else _name(comment[1]))
    return found


def test_the_image_has_what_its_extras_bring_and_nothing_else() -> None:
    reasons = _reasons()
    wanted = _requirements()
    assert wanted <= set(reasons)
    brought, more = set(wanted), True
    while more:
        more = {name for name, by in reasons.items() if by & brought} - brought
        brought |= more
    assert set(reasons) == brought


def test_the_image_has_every_package_that_is_imported() -> None:
    locked = set(_reasons())
    named = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for path in (PROJECT / "semantic_assets").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    installed = packages_distributions()
    used = {str(name).partition(".")[0] for name in named} - {"semantic_assets"}
    brought = {name: set(map(canonicalize_name, installed.get(name, ()))) for name in used}
    assert {"dagster", "duckdb", "pypdfium2"} <= used
    assert [name for name, by in brought.items() if by and not by & locked] == []


@pytest.mark.parametrize("lock", ["deploy/requirements.lock", "deploy/build.lock"])
def test_a_lock_names_no_address_and_no_other_version_than_the_checkout_s(lock: str) -> None:
    assert "://" not in _lock(lock)
    ours, pinned = _versions(lock), _versions("requirements.lock")
    assert ours
    assert {name for name in ours if ours[name] != pinned.get(name, ours[name])} == set()


def _versions(lock: str) -> dict[str, str]:
    lines = [line.split()[0] for line in _lock(lock).splitlines() if "==" in line]
    return {_name(line): line.partition("==")[2] for line in lines}


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)
