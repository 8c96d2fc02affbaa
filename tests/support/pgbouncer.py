"""A real PgBouncer in transaction mode before a real PostgreSQL: each transaction may be on another of its connections.

with PgBouncer(postgres.new_database()) as url:
    open_store(... url ...)
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from sqlalchemy import make_url

MISSING = "PgBouncer is not installed: apt-get install pgbouncer"
CONNECTIONS = 3  # to the server: fewer than clients, so that they share them


def find_pgbouncer() -> str | None:
    """Where the program is; Debian puts it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class PgBouncer:
    """ignores: start parameters that it drops without a word, as many are set up to do."""

    def __init__(self, url: str, *, ignores: str = "extra_float_digits") -> None:
        self._server = make_url(url)
        self._ignores = ignores

    def __enter__(self) -> str:
        program = find_pgbouncer()
        assert program, MISSING
        self._folder = Path(tempfile.mkdtemp(prefix="podwatch-pgbouncer-"))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = self._server
        host = str(server.query.get("host") or server.host)
        config = self._folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n{server.database} = host={host} port={server.port or 5432} dbname={server.database}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {self._folder}/users\npool_mode = transaction\n"
            f"default_pool_size = {CONNECTIONS}\nmax_client_conn = 100\nignore_startup_parameters = {self._ignores}\n"
            f"logfile = {self._folder}/log\nadmin_users = nobody\n"
        )
        (self._folder / "users").write_text('"postgres" ""\n"writer" ""\n')
        user: list[str] = []
        if os.geteuid() == 0:  # which it refuses to run as: so as the one that the server runs as
            owner = Path(host).stat()
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, owner.st_uid, owner.st_gid)
            user = ["-u", pwd.getpwuid(owner.st_uid).pw_name]
        self._process = subprocess.Popen([program, "-q", *user, str(config)], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                log = self._folder / "log"
                why = log.read_text() if log.exists() else "it wrote no log"
                assert self._process.poll() is None, why
                assert time.monotonic() < until, why
                time.sleep(0.02)
        return f"postgresql://{server.username or 'postgres'}@127.0.0.1:{port}/{server.database}"

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)
