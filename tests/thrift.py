"""What each test process does once, so that no test pays for it again and again.

Measured for one refresh of one small file, which most tests are made of: 0.49 CPU s, of which
0.10 s were certificates read for HTTPS that no test speaks, and 0.09 s the search for garbage
among the million objects of imported modules.
"""

import gc
import os
import tempfile
from pathlib import Path

import certifi

_TRUSTED = "SSL_CERT_FILE"
#: What this file is named by as well: a machine may have set the one above, to all it trusts.
_OURS = "TESTS_TRUST_ONE_AUTHORITY"
_END = "-----END CERTIFICATE-----\n"
#: New objects between two searches for garbage; Python's own is 700.
_OBJECTS = 50_000


def trust_one_authority() -> None:
    """Name a file of one certificate as the trusted ones, here and in every process started.

    A client reads all 140 of them each time it is made: 20 ms. Servers of tests speak plain HTTP,
    or have an authority of their own that is named where they are called.
    """
    if _OURS in os.environ:  # a test process of the one that came here first
        return
    bundle = Path(certifi.where()).read_text()
    first = bundle[bundle.index("-----BEGIN") : bundle.index(_END) + len(_END)]
    handle, name = tempfile.mkstemp(prefix="sa-authority-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(first)
    os.environ[_OURS] = os.environ[_TRUSTED] = name


def one_authority() -> dict[str, str]:
    """What to tell a process that does not inherit the environment."""
    return {_TRUSTED: os.environ[_OURS]} if _OURS in os.environ else {}


def collect_garbage_rarely() -> None:
    """Leave out what is there by now; look at the rest after many new objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)
    gc.enable()
