"""Makes the base images that docker-compose.yml names, from Debian's packages, where no image registry is reached.

`make compose-test` uses it for itself; whoever runs podwatch takes the official images, which the compose file pins.
What is made here keeps to what that file needs of them: the same user ids, folders, variables and commands.

python compose_images.py NAME...     of: base, postgres, redis, prometheus; made already is left alone
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SUITE = "bookworm"
TAG = "podwatch-test"
CERTIFICATES = Path("/usr/local/share/ca-certificates")  # of a proxy that looks into TLS, if this machine has one
TRUST = "/etc/ssl/certs/ca-certificates.crt"

APT = "apt-get update -qq && apt-get install -y -qq --no-install-recommends"
USER = "groupadd -r -g 999 {0} && useradd -r -u 999 -g {0} -d /var/lib/{1} -s /bin/sh {0}"

# As the official image does it: the first start makes the cluster, with the password of POSTGRES_PASSWORD_FILE.
POSTGRES_ENTRYPOINT = """#!/bin/sh
set -e
mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust \\
        -E UTF8 --locale=C.UTF-8 >&2
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -s -w start -o "-c listen_addresses=''"
    [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl -s -w stop -m fast
fi
exec "$@" -c listen_addresses='*'
"""

DOCKERFILES = {
    "postgres": f"""
FROM {TAG}/base
RUN {USER.format("postgres", "postgresql")} && {APT} postgresql-15 && rm -rf /var/lib/apt/lists/* \\
    && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data /var/run/postgresql
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["postgres"]
""",
    "redis": f"""
FROM {TAG}/base
RUN {USER.format("redis", "redis")} && {APT} redis-server && rm -rf /var/lib/apt/lists/* \\
    && install -d -o redis -g redis /data
WORKDIR /data
CMD ["redis-server"]
""",
    "prometheus": f"""
FROM {TAG}/base
RUN {APT} prometheus && rm -rf /var/lib/apt/lists/* && install -d -o nobody -m 0777 /prometheus
USER nobody
ENTRYPOINT ["prometheus"]
""",
}


def main(names: Sequence[str]) -> int:
    for name in names:
        if has_image(f"{TAG}/{name}"):
            continue
        print(f"compose_images: making {TAG}/{name}", flush=True)
        if name == "base":
            make_base()
        else:
            build(name)
    return 0


def has_image(image: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0


def make_base() -> None:
    """What python:3.11-slim is, for us: a Debian with python3, venv and certificates."""
    if shutil.which("debootstrap") is None:
        raise SystemExit("compose_images: debootstrap is missing - apt-get install debootstrap, as root")
    with tempfile.TemporaryDirectory(prefix="podwatch-image-") as folder:
        root = Path(folder) / "root"
        include = "--include=ca-certificates,python3,python3-venv,python3-pip"
        subprocess.run(
            ["debootstrap", "--variant=minbase", include, SUITE, root], stdout=subprocess.DEVNULL, check=True
        )
        for certificate in CERTIFICATES.glob("*.crt"):
            shutil.copy(certificate, root / CERTIFICATES.relative_to("/") / certificate.name)
        subprocess.run(["chroot", root, "update-ca-certificates"], capture_output=True, check=True)
        (root / "usr/bin/python").symlink_to("python3")
        for cache in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(root / cache, ignore_errors=True)
        archive = subprocess.Popen(["tar", "-C", root, "--numeric-owner", "-c", "."], stdout=subprocess.PIPE)
        trust = f"ENV SSL_CERT_FILE={TRUST} PIP_CERT={TRUST} REQUESTS_CA_BUNDLE={TRUST}"
        subprocess.run(
            ["docker", "import", "--change", trust, "-", f"{TAG}/base"],
            stdin=archive.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        if archive.wait():
            raise SystemExit("compose_images: tar could not pack the base image")


def build(name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="podwatch-image-") as folder:
        (Path(folder) / "Dockerfile").write_text(DOCKERFILES[name])
        (Path(folder) / "entrypoint.sh").write_text(POSTGRES_ENTRYPOINT)
        subprocess.run(["docker", "build", "-q", "--network", "host", "-t", f"{TAG}/{name}", folder], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
