"""Where the settings put folders and buckets: relative ones are in the project's checkout."""

from collections.abc import Mapping
from pathlib import Path

from semantic_assets.errors import ConfigError
from semantic_assets.objects.bucket import is_bucket_url
from semantic_assets.settings.checkout import CHECKOUT, is_checkout
from semantic_assets.settings.variables import PREFIX
from semantic_assets.text.foreign import scrubbed


def project_dir() -> Path:
    """Return the checkout this package runs from: the folder of its pyproject.toml.

    Raises:
        ConfigError: the package is installed elsewhere; paths must then be set.
    """
    if not is_checkout():
        raise ConfigError(
            f"not running from a checkout: set {PREFIX}ROOT and {PREFIX}SOURCES to absolute paths, and "
            f"{PREFIX}CACHE where they are in a bucket"
        )
    return CHECKOUT


def place(
    values: Mapping[str, str], name: str, default: str, given: str = ""
) -> tuple[Path, str | None]:
    """Return (local folder, URL of the bucket if it is one); `given` wins over the setting."""
    raw = given or values.get(PREFIX + name) or default
    if is_bucket_url(raw):
        url = raw.rstrip("/")
        return path(values, "CACHE", "data/cache") / url.replace("://", "-").replace("/", "-"), url
    if "://" in raw:
        raise ConfigError(
            f"{PREFIX}{name}={scrubbed(raw)!r}: use a folder, s3://BUCKET/... or gs://BUCKET/..."
        )
    if given:
        return Path(given).expanduser().resolve(), None
    return path(values, name, default), None


def path(values: Mapping[str, str], name: str, default: str) -> Path:
    raw = Path(values.get(PREFIX + name) or default).expanduser()
    return raw if raw.is_absolute() else project_dir() / raw


def tasks_folder(values: Mapping[str, str]) -> Path:
    """Return the checkout's folder of tasks; without a checkout, `tasks` beside the sources."""
    try:
        return path(values, "TASKS", "data/tasks")
    except ConfigError:
        return place(values, "SOURCES", "")[0].parent / "tasks"


def address(values: Mapping[str, str], name: str) -> str | None:
    """Return a URL unchanged, a folder as an absolute path."""
    raw = values.get(PREFIX + name) or None
    return raw if raw is None or "://" in raw else str(path(values, name, ""))
