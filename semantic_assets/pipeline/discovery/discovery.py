"""The report of a listing: what changed, and what a person should see to."""

from dataclasses import dataclass, field

from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.wording import counted
from semantic_assets.sources.passed_over import PassedOver, told


@dataclass(slots=True, kw_only=True)
class Discovery:
    """The differences between a listing and the files placed before."""

    #: Datasets that are there, and were listed in full.
    datasets: tuple[DatasetKey, ...] = ()
    #: Files whose present state is not read yet, also those that an earlier listing found.
    to_read: int = 0
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
        text = f"{counted(len(self.datasets), 'dataset')}; {counted(self.to_read, 'file')} to read"
        changes = {"new": self.added, "changed": self.changed, "renamed": self.renamed}
        changes |= {"removed": self.removed, "excluded": self.excluded}
        since = ", ".join(f"{count:,} {what}" for what, count in changes.items() if count)
        return "; ".join([f"{text} ({since})" if since else text, *self.troubles])

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
