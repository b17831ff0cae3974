"""Settings that are given to one lake of several, by name; they win over the environment."""

from collections.abc import Mapping
from difflib import get_close_matches

from semantic_assets.errors import ConfigError
from semantic_assets.settings.variables import KEY_NAMES, PREFIX


def given_variables(
    given: Mapping[str, object],
    secrets: Mapping[str, str],
    known: Mapping[str, bool],
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return given settings as variables; raise as `given_values` does."""
    found = given_values(given, secrets, known, environ)
    names = {name: PREFIX + name.upper() for name in found} | {"api_key": KEY_NAMES[0]}
    return {names[name]: value for name, value in found.items()}


def given_values(
    given: Mapping[str, object],
    secrets: Mapping[str, str],
    known: Mapping[str, bool],
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the values of given settings by the names of the settings.

    Args:
        given: values by setting.
        secrets: names of variables of the environment by setting.
        known: for each setting, whether its value is a secret.

    Raises:
        ConfigError: there is no such setting, a secret is given openly, or its variable is not set.
    """
    for name in (*given, *secrets):
        _require_known(name, known)
    found = {name: _written(value) for name, value in given.items() if value is not None}
    if open_secrets := [name for name in found if known[name]]:
        name = open_secrets[0]
        raise ConfigError(
            f"settings: {name} would be shown to everyone: put the name of a variable under "
            f"secrets, {name}: MY_VARIABLE"
        )
    return found | {name: _secret(name, of, environ) for name, of in secrets.items()}


def _require_known(name: str, known: Mapping[str, bool]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, 1)
    remedy = f"did you mean {near[0]}?" if near else "docs/settings.md has all, in lower case"
    raise ConfigError(f"settings: there is no setting {name}: {remedy}")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _secret(name: str, variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable)
    if not value:
        raise ConfigError(f"secrets: {name}: the variable {variable} is not set")
    return value
