"""Which addresses are this machine alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Of a name or an address, with or without the brackets of IPv6."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(authority: str) -> str:
    """The host of `host:port`; an IPv6 address keeps its brackets."""
    if authority.endswith("]") or ":" not in authority:
        return authority
    return authority.rpartition(":")[0]
