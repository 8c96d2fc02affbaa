"""`make airflow-test`: podwatch installed into somebody else's Airflow, of every supported version.

SHORT=1 or --short: the oldest and the newest, without a scheduler, some minutes. --only VERSION,...: these.

Of each version: the wheel into a fresh environment with Airflow as it was released. `pip check` is content, and none of
the packages that were there changes. Then a home by somebody else's recipe: the DAGs come in as a bundle, with some
versions as files; the settings are connections and a variable; the sample's alerts reach the Slack emulator, once; the
team's DAG, plugin, pools and cluster policy are as they were; doctor says what is missing before, and nothing after. An
older Airflow is refused in one line. With the newest the sample runs once more where nothing can be written but a
temporary folder, and there is no home, as in managed Airflows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from benchmarks.existing_airflow import environments, managed
from benchmarks.existing_airflow.environments import NEWEST, OLDEST, REFUSED, SUPPORTED, Installed, Release
from benchmarks.existing_airflow.site import Site
from benchmarks.harness import print_table
from tests.support.podcast_host import Podcast, item, rss
from tests.support.slack.emulator import Emulator

SAMPLE = environments.ROOT / "seeds"
MISSING = {  # what doctor says of a site that has the package, and nothing else of podwatch
    "airflow": "ok",
    "airflow plugin": "note",  # the team's podwatch.py
    "airflow DAGs": "wrong",
    "airflow pool": "note",
    "airflow connections": "note",
    "settings": "ok",
}


class Failures:
    """What does not hold, gathered, so that one version's trouble hides no other's."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.lines.append(what)
            print(f"FAILED: {what}", file=sys.stderr, flush=True)


def run_story(installed: Installed, home: Path, failures: Failures, *, as_files: bool, for_real: bool) -> int:
    """A team's afternoon: doctor, DAGs, pool, connections, feeds, watches, the line. Returns the messages in Slack."""
    site = Site(home, installed.bin)
    name = installed.folder.name
    said = site.doctor()
    states = {check: text.partition(":")[0] for check, text in said.items()}
    failures.expect(states == MISSING, f"{name}: doctor of an empty site says {said}")
    with Podcast() as host, Emulator() as slack:
        page = host.serve("/talk.html", (SAMPLE / "sample/missile-crisis.txt").read_bytes(), "text/plain")
        now = format_datetime(datetime.now(UTC))
        host.serve("/feed.xml", rss(item("talk", title="Thirteen days", transcript=page, published=now)))
        (site.write_dags if as_files else site.add_bundle)()
        for state in ("made", "as it was"):
            failures.expect(state in site.run("podwatch", "airflow", "pool"), f"{name}: the pool is not {state}")
        site.connect(
            {
                "podwatch_slack": {"conn_type": "slack", "password": slack.token, "host": slack.base_url},
                "podwatch_database": {"conn_type": "sqlite", "schema": str(home / "podwatch.db")},
            },
            {"PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8", "PODWATCH_POLL_FLOOR": 0, "PODWATCH_ENTITIES": False},
        )
        site.run("podwatch", "airflow", "exec", "feeds", "add", host.url("/feed.xml"))
        site.run("podwatch", "airflow", "exec", "watches", "sync", str(SAMPLE / "watchlist.yaml"))
        if for_real:
            ended = site.run_for_real(("sales", "podwatch"))
            failures.expect(ended == {"sales": "success", "podwatch": "success"}, f"{name}: the runs ended {ended}")
        else:
            site.run("airflow", "dags", "reserialize")
            for dag in ("sales", "podwatch", "podwatch"):
                site.run("airflow", "dags", "test", dag)
        sent = sum(len(slack.messages(channel)) for channel in ("#podcasts", "#trade"))
        found = site.run("podwatch", "airflow", "exec", "alerts", "--json").splitlines()
        failures.expect(0 < sent == len(found), f"{name}: {sent} messages for {len(found)} alerts")
    after = site.doctor()
    left = {check: text for check, text in after.items() if text.startswith("wrong")}
    failures.expect(not left, f"{name}: doctor still says {left}")
    failures.expect(not site.changed(), f"{name}: of the team's {site.changed()} changed")
    return sent


def run_version(release: Release, wheel: Path, work: Path, failures: Failures, *, short: bool) -> list[object]:
    """A row of the table: installation, and the story with files (the oldest), or with the bundle."""
    began = time.monotonic()
    installed = environments.install(release, wheel, work / release.version)
    failures.expect(not installed.changed(), f"{release.version}: {', '.join(installed.changed())}")
    shared: object = "-"
    if not short:
        try:
            shared = environments.resolve_beside_providers(release, wheel, work)
        except environments.UvError as e:
            failures.expect(False, f"{release.version}, beside every provider: {e}")
    as_files = release.version.endswith(".0")
    home = work / f"home-{release.version}"
    sent = run_story(installed, home, failures, as_files=as_files, for_real=not short)
    way = "files" if as_files else "bundle"
    counts = [len(installed.before), len(installed.changed()), len(installed.added()), shared]
    row: list[object] = [release.version, *counts, way, sent, f"{time.monotonic() - began:.0f} s"]
    print("done:", *row, flush=True)
    return row


def run_managed_story(site_home: Path, bin_folder: Path, failures: Failures) -> str:
    """The same sample where nothing can be written but a temporary folder. What came of it, as a line."""
    if why := managed.why_not():
        return f"not tried, since nothing can be mounted here: {why}"
    with Podcast() as host, Emulator() as slack:
        page = host.serve("/talk.html", (SAMPLE / "sample/missile-crisis.txt").read_bytes(), "text/plain")
        now = format_datetime(datetime.now(UTC))
        host.serve("/feed.xml", rss(item("talk", title="Thirteen days", transcript=page, published=now)))
        site = managed.ManagedSite(site_home, bin_folder)
        sent, found, wrong = managed.run_managed(site, host, slack, SAMPLE / "watchlist.yaml")
    failures.expect(0 < sent == found, f"read-only: {sent} messages for {found} alerts")
    failures.expect(not wrong, f"read-only: doctor says {wrong}")
    return f"{sent} messages for {found} alerts"


def refuse_older(wheel: Path, work: Path, failures: Failures) -> str:
    """What an Airflow that is too old says, by its DAGs and by doctor: one line."""
    installed = environments.install(REFUSED, wheel, work / REFUSED.version)
    site = Site(work / f"home-{REFUSED.version}", installed.bin)
    todo = "upgrade Airflow, or let cron run podwatch"
    line = f"podwatch needs Airflow 3.2 or newer, and this is {REFUSED.version} - {todo}"
    said = json.loads(site.run("podwatch", "doctor", "--json", status=1).splitlines()[0])
    failures.expect(line in said["said"], f"{REFUSED.version}: doctor says {said}")
    site.write_dags()
    site.run("airflow", "dags", "reserialize", status=None)
    errors = [r[0] for r in site.read("SELECT stacktrace FROM import_error")]
    shown = [e.strip().splitlines()[-1] for e in errors]
    failures.expect(shown == [f"ImportError: {line}"] * 4, f"{REFUSED.version}: its import errors are {shown}")
    kept = installed.before["apache-airflow"] == installed.after["apache-airflow"]
    failures.expect(kept, f"{REFUSED.version}: Airflow itself was changed")
    return line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", default=bool(os.environ.get("SHORT")))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wanted = [OLDEST, NEWEST] if options.short else list(SUPPORTED)
    if options.only:
        wanted = [r for r in SUPPORTED if r.version in options.only.split(",")]
    failures, work = Failures(), Path(tempfile.mkdtemp(prefix="podwatch-airflow-test-"))
    try:
        wheel = environments.build_wheel(work)
        rows = [run_version(r, wheel, work, failures, short=options.short) for r in wanted]
        read_only = run_managed_story(work / "home-managed", work / wanted[-1].version / "bin", failures)
        columns = ["Airflow", "packages", "changed", "added", "shared", "DAGs by", "messages", "took"]
        print_table("podwatch in an Airflow that is there", columns, rows)
        print(f"read-only, without a home: {read_only}")
        print(f"{REFUSED.version}: {refuse_older(wheel, work, failures)}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    verdict = f"{len(failures.lines)} do not hold" if failures.lines else "all holds"
    print(f"airflow-test: {len(rows)} versions of Airflow, 1 refused; {verdict}")
    return 1 if failures.lines else 0


if __name__ == "__main__":
    sys.exit(main())
