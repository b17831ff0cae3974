"""Embedding spaces by id: a job is collected in the space it was formed in, not a later one."""

from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from semantic_assets.errors import NotFound
from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import space as space_table
from semantic_assets.model.space import EmbeddingSpace


@dataclass(frozen=True, slots=True)
class Spaces:
    database: Database
    #: What an id stands for never changes.
    _found: dict[str, EmbeddingSpace] = field(default_factory=dict, repr=False, compare=False)

    def register(self, space: EmbeddingSpace) -> None:
        with self.database.write() as connection:
            connection.execute(
                self.database.insert(space_table)
                .values(space_id=space.space_id, definition=asdict(space))
                .on_conflict_do_nothing()
            )

    def all(self) -> dict[str, EmbeddingSpace]:
        """Return all spaces by id."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(space_table))
            return {row.space_id: EmbeddingSpace(**row.definition) for row in rows}

    def find(self, space_id: str) -> EmbeddingSpace:
        """Return a space by id.

        Raises:
            NotFound: no job was ever formed in that space.
        """
        if space_id in self._found:
            return self._found[space_id]
        query = sa.select(space_table.c.definition).where(space_table.c.space_id == space_id)
        with self.database.read() as connection:
            definition = connection.execute(query).scalar_one_or_none()
        if definition is None:
            raise NotFound(f"the ledger knows no embedding space {space_id}")
        return self._found.setdefault(space_id, EmbeddingSpace(**definition))
