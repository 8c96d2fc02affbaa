"""As managed Airflows run: what is installed cannot be written, nor the folders of DAGs and plugins; there is no home.

All of the file system is mounted read-only but one folder for what is temporary, in which Airflow's own home and its
database are, since somebody has to keep them. Settings are Airflow's own variables, connections and a variable.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.existing_airflow.site import Site
from tests.support.podcast_host import Podcast
from tests.support.slack.emulator import Emulator

# In a namespace of its own, so that it ends with the command. $1: what stays writable.
READ_ONLY = 'set -e; mount --bind "$1" "$1"; mount -o remount,bind,ro /; shift; exec "$@"'
WRITES = ("--write", "migrate")  # commands of who prepares the site, not of its tasks


class ManagedSite(Site):
    """home: what the deployment brings, DAGs and plugins. In ``temporary`` alone anything can be written."""

    def __init__(self, home: Path, bin_folder: Path) -> None:
        self.temporary = home / "tmp"
        (self.temporary / "airflow").mkdir(parents=True)
        super().__init__(home, bin_folder)

    def make_env(self, port: int) -> dict[str, str]:
        inside = self.temporary / "airflow"
        return super().make_env(port) | {
            "HOME": "/nonexistent",
            "TMPDIR": str(self.temporary),
            "AIRFLOW_HOME": str(inside),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.home / "plugins"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{inside}/airflow.db?timeout=180",
        }

    def run(self, *words: str, status: int | None = 0) -> str:
        if any(word in WRITES for word in words):
            return super().run(*words, status=status)
        return self.run_program(["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(self.temporary), *words], status)


def why_not() -> str:
    """Why nothing can be mounted here; "" where it can."""
    try:
        done = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    except OSError as e:
        return str(e)
    return done.stderr.strip() if done.returncode else ""


def run_managed(site: ManagedSite, host: Podcast, slack: Emulator, watchlist: Path) -> tuple[int, int, list[str]]:
    """The line twice over the host's /feed.xml. (messages in Slack, alerts, what doctor calls wrong)"""
    site.write_dags()
    site.run("podwatch", "airflow", "pool")
    site.connect(
        {
            "podwatch_slack": {"conn_type": "slack", "password": slack.token, "host": slack.base_url},
            "podwatch_database": {"conn_type": "sqlite", "schema": str(site.temporary / "kept.db")},
        },
        {"PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8", "PODWATCH_POLL_FLOOR": 0, "PODWATCH_ENTITIES": False},
    )
    site.run("podwatch", "airflow", "exec", "feeds", "add", host.url("/feed.xml"))
    site.run("podwatch", "airflow", "exec", "watches", "sync", str(watchlist))
    for _ in range(2):
        site.run("airflow", "dags", "test", "podwatch")
    sent = sum(len(slack.messages(channel)) for channel in ("#podcasts", "#trade"))
    found = site.run("podwatch", "airflow", "exec", "alerts", "--json").splitlines()
    wrong = [text for text in site.doctor().values() if text.startswith("wrong")]
    return sent, len(found), wrong
