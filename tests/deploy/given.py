"""What is in deploy/, and how Dagster's own classes read it."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
CELERY = DEPLOY / "celery"


def read_yaml(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def chart_values() -> dict[str, Any]:
    return read_yaml(DEPLOY / "kubernetes" / "values.yaml")


def taken(module: str, class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as the class gets it."""
    pytest.importorskip(module)
    kind = getattr(import_module(module), class_name)
    found = process_config(resolve_to_config_type(kind.config_type()), config)
    assert found.success, found.errors
    value: dict[str, Any] = found.value
    return value
