"""Loopback checks of host names and addresses."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a name or address is loopback; IPv6 may have brackets."""
    if host == "localhost":
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
