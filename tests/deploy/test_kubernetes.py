"""What can be held of deploy/kubernetes without a cluster: Dagster's own classes take it."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from dagster._config import resolve_to_config_type, validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from tests.deploy.given import DEPLOY, chart_values, taken
from tests.deploy.run_pod import code_location, launcher_config, run_pod

Pod = dict[str, Any]
#: The labels that the chart's templates give to the pods of a release `fleet`.
_OF_RELEASE = {"app.kubernetes.io/name": "dagster", "app.kubernetes.io/instance": "fleet"}
DAEMON = {**_OF_RELEASE, "component": "dagster-daemon", "deployment": "daemon"}
WEBSERVER = {**_OF_RELEASE, "component": "dagster-webserver"}
CODE_LOCATION = {
    "app.kubernetes.io/name": "dagster-user-deployments",
    "app.kubernetes.io/instance": "fleet",
    "component": "user-deployments",
    "deployment": code_location()["name"],
}


def test_the_run_launcher_of_the_chart_takes_its_config() -> None:
    taken("dagster_k8s", chart_values()["runLauncher"]["type"], launcher_config())


def test_a_run_on_kubernetes_has_the_resources_that_are_written() -> None:
    assert "resources" not in code_location()  # they would win over those of the launcher
    [container] = run_pod()["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "3Gi"}


def test_dagster_takes_what_the_chart_passes_on() -> None:
    extra = chart_values()["additionalInstanceConfig"]
    schema = {name: dagster_instance_config_schema()[name] for name in extra}
    found = validate_config(resolve_to_config_type(schema), extra)
    assert found.success, found.errors
    daemon = chart_values()["dagsterDaemon"]
    # The chart would write these blocks a second time.
    assert not daemon["runMonitoring"]["enabled"]
    assert not daemon["runRetries"]["enabled"]


def _pod(name: str) -> Pod:
    """The spec of a pod of the chart as its templates make it, or of a run as dagster-k8s does."""
    if name == "run":
        spec: Pod = run_pod()["spec"]
        return spec
    given = code_location() if name == "code location" else chart_values()[name]
    container = {key: given[key] for key in ("securityContext", "volumeMounts")}
    return {
        "securityContext": given["podSecurityContext"],
        "containers": [container],
        "volumes": given["volumes"],
    }


every_pod = pytest.mark.parametrize(
    "name", ["code location", "run", "dagsterDaemon", "dagsterWebserver"]
)


@every_pod
def test_a_pod_has_no_right_that_it_does_not_need(name: str) -> None:
    pod = _pod(name)
    [container] = pod["containers"]
    user = _user_of_the_image()
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _user_of_the_image() -> int:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    [user] = [line.split()[1] for line in lines if line.startswith("USER ")]
    return int(user)


@every_pod
def test_a_pod_can_write_below_tmp_and_no_more_than_it_asks_for(name: str) -> None:
    pod = _pod(name)
    [container] = pod["containers"]
    volumes = [one["name"] for one in pod["volumes"]]
    assert len(volumes) == len(set(volumes))
    written = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    [scratch] = [one["emptyDir"] for one in pod["volumes"] if one["name"] == written["/tmp"]]
    assert scratch["sizeLimit"]
    if name in ("code location", "run"):
        assert code_location()["env"]["SEMANTIC_ASSETS_CACHE"].startswith("/tmp/")
    if name == "run":
        assert container["resources"]["requests"]["ephemeral-storage"] == scratch["sizeLimit"]


def test_the_web_server_s_port_needs_no_root_and_is_the_one_that_is_probed() -> None:
    given = chart_values()["dagsterWebserver"]
    port = given["service"]["port"]
    assert port >= 1024
    assert given["readinessProbe"]["httpGet"]["port"] == port


def _policies() -> list[dict[str, Any]]:
    """Those of the file; each with nothing but what Kubernetes knows."""
    models = pytest.importorskip("dagster_k8s.models")
    client = pytest.importorskip("kubernetes.client")
    found = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "network-policy.yaml").read_text()))
    for one in found:
        snake = models.k8s_snake_case_dict(client.V1NetworkPolicy, one)
        assert models.k8s_model_from_dict(client.V1NetworkPolicy, snake).spec.pod_selector
        assert one["spec"]["policyTypes"] == ["Ingress"]
    return found


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) == {"matchLabels"}
    assert selector["matchLabels"]
    return bool(selector["matchLabels"].items() <= labels.items())


def _admits(labels: Mapping[str, str], to: Mapping[str, str]) -> list[int] | None:
    """The ports of a pod that one with these labels may connect to; None if nothing guards it."""
    guards = [one["spec"] for one in _policies() if _selects(one["spec"]["podSelector"], to)]
    rules = [rule for spec in guards for rule in spec.get("ingress", [])]
    ports = [
        port["port"]
        for rule in rules
        if any(_selects(source["podSelector"], labels) for source in rule["from"])
        for port in rule["ports"]
    ]
    return ports if guards else None


def test_daemon_web_server_and_runs_alone_reach_the_code_location() -> None:
    run = run_pod()["metadata"]["labels"]
    for one in (DAEMON, WEBSERVER, run):
        assert _admits(one, to=CODE_LOCATION) == [code_location()["port"]]
    another = {"app.kubernetes.io/instance": "another", "dagster/code-location": "another"}
    for one in (DAEMON, WEBSERVER, run):
        assert _admits({**one, **another}, to=CODE_LOCATION) == []
    assert _admits({}, to=CODE_LOCATION) == []


def test_nobody_reaches_a_run() -> None:
    run = run_pod()["metadata"]["labels"]
    for one in (DAEMON, WEBSERVER, CODE_LOCATION, run):
        assert _admits(one, to=run) == []
