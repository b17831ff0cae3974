"""The pod of a run, as dagster-k8s makes it of the chart's values."""

import re
from typing import Any

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from tests.deploy.given import chart_values

_JOB = "embed_shard"


def code_location() -> dict[str, Any]:
    [location] = chart_values()["dagster-user-deployments"]["deployments"]
    found: dict[str, Any] = location
    return found


def launcher_config() -> dict[str, Any]:
    """Of dagster.yaml, as the chart's template makes it."""
    given = chart_values()["runLauncher"]["config"]["k8sRunLauncher"]
    return {
        "image_pull_policy": given["imagePullPolicy"],
        "run_k8s_config": {_snake(name): value for name, value in given["runK8sConfig"].items()},
        "service_account_name": "fleet",
        "instance_config_map": "fleet-instance",
        "postgres_password_secret": chart_values()["global"]["postgresqlSecretName"],
        "dagster_home": "/opt/dagster/dagster_home",
        "job_namespace": "default",
        "load_incluster_config": True,
    }


def run_pod() -> dict[str, Any]:
    """Metadata and spec, as they are sent to Kubernetes."""
    launching = pytest.importorskip("dagster_k8s.launcher")
    client = pytest.importorskip("kubernetes.client")
    cluster = _Cluster()
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setattr(launching, "load_kubernetes_config", lambda **_: None)
        launcher = launching.K8sRunLauncher(
            **launcher_config(), k8s_client_batch_api=cluster, k8s_client_core_api=cluster
        )
        launcher.register_instance(instance)
        run = instance.add_run(_run())
        launcher._launch_k8s_job_with_args("run", ["dagster", "api", "execute_run"], run)
    [job] = cluster.jobs
    sent = client.ApiClient().sanitize_for_serialization(job)
    pod: dict[str, Any] = sent["spec"]["template"]
    return pod


class _Cluster:
    """Takes jobs."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []

    def create_namespaced_job(self, *, body: Any, namespace: str, **_: Any) -> None:
        assert namespace == "default"
        self.jobs.append(body)


def _run() -> dg.DagsterRun:
    location = code_location()
    repository = RepositoryPythonOrigin(
        executable_path="python",
        code_pointer=ModuleCodePointer("semantic_assets.definitions", "defs"),
        container_image="{repository}:{tag}".format(**location["image"]),
        container_context=_container_context(location),
    )
    server = GrpcServerCodeLocationOrigin(
        host=location["name"], port=location["port"], location_name=location["name"]
    )
    remote = RemoteRepositoryOrigin(server, "__repository__")
    return dg.DagsterRun(
        job_name=_JOB,
        job_code_origin=JobPythonOrigin(_JOB, repository),
        remote_job_origin=RemoteJobOrigin(remote, _JOB),
    )


def _container_context(location: dict[str, Any]) -> dict[str, Any]:
    """What the chart has the code location say of its runs, in DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT."""
    assert location["includeConfigInLaunchedRuns"]["enabled"]
    passed_on = ("volumes", "labels", "resources")
    return {
        "k8s": {
            "image_pull_policy": location["image"]["pullPolicy"],
            "env_config_maps": [f"fleet-dagster-user-deployments-{location['name']}-user-env"],
            "env_secrets": [one["name"] for one in location["envSecrets"]],
            "volume_mounts": location["volumeMounts"],
            **{name: location[name] for name in passed_on if name in location},
            "namespace": "default",
            "service_account_name": "fleet-dagster-user-deployments-user-deployments",
            "run_k8s_config": {"pod_spec_config": {"automount_service_account_token": True}},
        }
    }


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)
