"""The document that a program passes in to be searched."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path

from semantic_assets.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Document:
    """One document: the path of a file, or a text, or bytes whose name tells their format.

    Files of records (.json, .jsonl, .csv, .parquet) hold many documents.

    Raises:
        ConfigError: it has no content or several, or its bytes or text have no name.
    """

    path: str | Path | None = None
    _: KW_ONLY
    text: str | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)
    #: The name under which it is stored and found again. Default: the file's own name.
    name: str = ""
    #: Default: the first heading of Markdown, else the name.
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = [value for value in (self.path, self.text, self.data) if value is not None]
        if len(given) != 1:
            raise ConfigError("a document is one of: a path, text=..., data=...")
        for value, kinds, what in (
            (self.path, (str, Path), "a path is a str or a Path; for bytes say data=..., name=..."),
            (self.text, (str,), "text is a str; for bytes say data=..."),
            (self.data, (bytes,), "data are bytes; for a str say text=..."),
        ):
            if value is not None and not isinstance(value, kinds):
                raise ConfigError(what)
        if not self.name:
            if self.path is None:
                raise ConfigError("a document of text or data needs a name=...")
            object.__setattr__(self, "name", Path(self.path).name)
