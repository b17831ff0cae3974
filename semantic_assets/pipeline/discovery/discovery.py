"""The report of a listing: what changed, and what a person should see to."""

from dataclasses import dataclass, field

from semantic_assets.model.keys import DatasetKey
from semantic_assets.sources.passed_over import PassedOver, told


@dataclass(slots=True, kw_only=True)
class Discovery:
    """The differences between a listing and the files placed before."""

    #: Datasets that are there, and were listed in full.
    datasets: tuple[DatasetKey, ...] = ()
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    #: What is not read and was not excluded on purpose, and folders without a file.
    passed_over: dict[PassedOver, list[str]] = field(default_factory=dict)
    #: Files and folders that patterns exclude.
    excluded: int = 0
    #: Folders left as they were, each with the reason; a person must see to them.
    skipped: dict[str, str] = field(default_factory=dict)
    #: Datasets without any file at present, each with the time of its removal.
    missing: dict[str, str] = field(default_factory=dict)
    #: Datasets that were missing for so long that they were removed.
    discarded: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        text = (
            f"{len(self.datasets)} datasets; files: {self.added} new, {self.changed} changed, "
            f"{self.renamed} renamed, {self.removed} removed"
        )
        text += f", {self.excluded} excluded" if self.excluded else ""
        return "; ".join([text, *self.troubles])

    @property
    def troubles(self) -> list[str]:
        """What a person should read, one line each."""
        return [
            *told(self.passed_over),
            *(f"{name} skipped: {reason}" for name, reason in self.skipped.items()),
            *(f"{name} is missing: {fate}" for name, fate in self.missing.items()),
            *(f"{name} was missing for too long and is removed" for name in self.discarded),
        ]

    def pass_over(self, kind: PassedOver, *names: str) -> None:
        """Note names that are not read."""
        if names:
            self.passed_over.setdefault(kind, []).extend(names)

    def keep_only(self, datasets: tuple[DatasetKey, ...]) -> None:
        """Forget the names outside these datasets, if any are given."""
        if datasets:
            of = tuple(f"{dataset}/" for dataset in datasets)
            for kind, names in list(self.passed_over.items()):
                self.passed_over[kind] = [name for name in names if f"{name}/".startswith(of)]
