"""The home of a lake: what tells it from a copy of it."""

from pathlib import Path

#: Outlives a reboot, unlike the kernel's boot id; many containers have none.
_MACHINE = Path("/etc/machine-id")
_UNKNOWN = "-"


def folder_home(root: Path, proof: Path) -> str:
    """Return the home of a lake in a folder: the inode of a file that is never rewritten, and more.

    The inode stays when the folder is renamed or mounted elsewhere, and a copy has another.
    """
    try:
        inode = str(proof.stat().st_ino)
    except FileNotFoundError:
        inode = _UNKNOWN
    return f"{inode} {_machine()} {root.resolve()}"


def is_same_home(known: str, here: str) -> bool:
    """Return whether two homes are of one lake, perhaps restored in its place; not for buckets."""
    if "://" in known or "://" in here:
        return known == here
    (inode, machine, path), (inode_here, machine_here, path_here) = _parts(known), _parts(here)
    if inode == inode_here != _UNKNOWN:
        return True
    on_one_machine = machine == machine_here or _UNKNOWN in (machine, machine_here)
    return path == path_here and on_one_machine


def shown_home(home: str) -> str:
    """Return the folder or URL of a home for people to read."""
    return home if "://" in home else _parts(home)[2]


def _parts(home: str) -> tuple[str, str, str]:
    inode, machine, path = home.split(" ", 2)
    return inode, machine, path


def _machine() -> str:
    try:
        return _MACHINE.read_text().strip() or _UNKNOWN
    except OSError:
        return _UNKNOWN
