"""The place of one set of definitions in a code location: what its keys and names begin with."""

import re
from dataclasses import dataclass

import dagster as dg

from semantic_assets.errors import ConfigError

#: A part of a prefix. Without two underscores in a row, different prefixes make different names.
_PART = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*")
_GROUP = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a set of definitions; sets with different prefixes have no name in common.

    Without a prefix, keys and names are bare.
    """

    key_prefix: tuple[str, ...] = ()
    group: str | None = None

    def __post_init__(self) -> None:
        for part in self.key_prefix:
            if not _PART.fullmatch(part):
                raise ConfigError(
                    f"key_prefix: {part!r} must be letters and digits, with single underscores between"
                )
        if self.group is not None and not _GROUP.fullmatch(self.group):
            raise ConfigError(f"group: {self.group!r} must be letters, digits and underscores")

    def key(self, asset: str) -> dg.AssetKey:
        """Return the key of an asset."""
        return dg.AssetKey([*self.key_prefix, asset])

    def name(self, bare: str) -> str:
        """Return the name of a job, sensor, schedule, operation, resource or kind of partition."""
        return "__".join((*self.key_prefix, bare))

    def group_of(self, part: str) -> str:
        """Return the group of the assets of a part, as `ingest`: the same for all, if it was given."""
        return self.group or self.name(part)

    @property
    def resource(self) -> str:
        """The key of the lake among the resources."""
        return self.name("lake")

    @property
    def shards(self) -> dg.DynamicPartitionsDefinition:
        """The partitions of all assets up to the embeddings."""
        return dg.DynamicPartitionsDefinition(name=self.name("shards"))

    @property
    def datasets(self) -> dg.DynamicPartitionsDefinition:
        """The partitions of the assets of whole datasets."""
        return dg.DynamicPartitionsDefinition(name=self.name("datasets"))
