"""Whether this package runs from a checkout of its own, or is installed."""

from functools import cache
from pathlib import Path

#: The folder above the package.
CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def is_checkout() -> bool:
    """Return whether the folder above the package is this project's checkout.

    Projects of `dg` install their pyproject.toml beside all packages: one of any name is not ours.
    """
    file = CHECKOUT / "pyproject.toml"
    return file.is_file() and 'name = "semantic-assets"' in file.read_text(encoding="utf-8")
