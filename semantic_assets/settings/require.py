"""Settings that are given by name are held against what they take before a lake is opened."""

from collections.abc import Mapping
from pathlib import Path

from semantic_assets.settings.given import given_values
from semantic_assets.settings.settings import Settings, known_settings
from semantic_assets.settings.validation import checked, keys_of

#: Paths are made of strings when the settings are loaded.
_PATHS = {"root", "sources", "tasks", "emulator_dir"}


def require_settings(given: Mapping[str, object], secrets: Mapping[str, str]) -> None:
    """Refuse a name that is no setting, and a value that its setting does not take.

    The environment is not read: that a secret's variable is set is for the run.

    Raises:
        ConfigError: in one line, with the name.
    """
    set_all = dict.fromkeys(secrets.values(), "set")
    found = given_values(given, secrets, known_settings(), set_all)
    names = keys_of(Settings).keys() - _PATHS - secrets.keys()
    values = {name: value for name, value in found.items() if name in names}
    paths = {name: Path() for name in _PATHS}
    checked(Settings, values | paths, lambda key: f"{key} = ")
