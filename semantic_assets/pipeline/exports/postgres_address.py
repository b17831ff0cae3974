"""The address of a table in Postgres, of which only what is no secret is shown."""

import re
from dataclasses import dataclass, field

import sqlalchemy as sa

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey

#: Postgres cuts off longer names.
_LONGEST_NAME = 63
_SECRET_WORDS = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    #: What the driver connects by.
    conninfo: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    shown: str
    table: str


def postgres_address(target: str, dataset: DatasetKey, table: str | None) -> PostgresAddress:
    """Return the table that a target names; without a name it is named after the dataset.

    Raises:
        ConfigError: it is no address; the message repeats no part of it.
    """
    try:
        url = sa.make_url(target)
        known = "@" not in (url.host or "")  # of a password in which it is not written as %40
    except (sa.exc.ArgumentError, ValueError):
        known = False
    if not known:
        raise ConfigError(
            "the target is no address of Postgres: use "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE (with %40 for an @ in it)"
        )
    name = table or re.sub(r"\W", "_", str(dataset).lower())
    if not 0 < len(name.encode()) <= _LONGEST_NAME or "\0" in name:
        raise ConfigError(
            f"a table's name has 1 to {_LONGEST_NAME} bytes: name another with --table"
        )
    port = f":{url.port}" if url.port else ""
    shown = f"postgresql://{url.host or ''}{port}/{url.database or ''} table {name}"
    found = [url.password, *(url.query.get(word) for word in _SECRET_WORDS)]
    secrets = tuple(one for one in found if isinstance(one, str))
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return PostgresAddress(conninfo, secrets, shown, name)
