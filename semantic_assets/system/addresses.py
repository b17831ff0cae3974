"""Loopback checks of host names and addresses."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether a name or address is loopback; IPv6 may have brackets."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(authority: str) -> str:
    """Return the host of `host:port`; an IPv6 address keeps its brackets."""
    if authority.endswith("]") or ":" not in authority:
        return authority
    return authority.rpartition(":")[0]


def is_plain_to_another(url: str) -> bool:
    """Return whether a URL is plain http to another machine: all on the way read what it carries."""
    try:
        found = urlsplit(url)
        return found.scheme.lower() == "http" and not is_loopback(found.hostname or "")
    except ValueError:
        return False
