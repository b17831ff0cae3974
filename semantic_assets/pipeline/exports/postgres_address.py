"""The address of a table in Postgres, of which only what is no secret is shown."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey

#: Postgres cuts off longer names.
_LONGEST_NAME = 63
_NOT_IN_NAMES = re.compile(r"\W")
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
        url = urlsplit(target)
        host, port = url.hostname or "", url.port
        known = url.netloc.count("@") <= 1  # in a password it is written as %40
    except ValueError:
        known = False
    if not known:
        raise ConfigError(
            "the target is no address of Postgres: use "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE (with %40 for an @ in it)"
        )
    name = table or _NOT_IN_NAMES.sub("_", str(dataset).lower())
    if not 0 < len(name.encode()) <= _LONGEST_NAME or "\0" in name:
        raise ConfigError(
            f"a table's name has 1 to {_LONGEST_NAME} bytes: name another with --table"
        )
    query = parse_qs(url.query)
    found = [
        unquote(url.password or ""),
        *(one for word in _SECRET_WORDS for one in query.get(word, ())),
    ]
    at = f"{host}:{port}" if port else host
    shown = f"postgresql://{at}{unquote(url.path) or '/'} table {name}"
    # As libpq knows it, without the driver that SQLAlchemy's addresses name.
    conninfo = f"postgresql://{target.partition('://')[2]}"
    return PostgresAddress(conninfo, tuple(filter(None, found)), shown, name)
