"""A feed with a login and a token is polled and read like any other, and nobody is shown either of them."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch.feeds import opml
from podwatch.line.bugs import Bugs
from podwatch.line.poll import poll
from podwatch.line.verbs import LINE
from podwatch.logins import Keyring
from podwatch.runtime import Runtime, log
from podwatch.settings import Secret
from tests.support import shell
from tests.support.podcast_host import Podcast, item, rss, vtt

PASSWORD, TOKEN, SIGNATURE, AUDIO = "pa55-w0rd", "t0k3n-of-a-listener", "s1gnature-of-two", "aud10-t0k3n"
LOGIN = f"listener:{PASSWORD}"
SECRETS = (PASSWORD, TOKEN, SIGNATURE, AUDIO, base64.b64encode(LOGIN.encode()).decode())
# What has to be requested or recognised again: the columns that may hold a secret.
HOLDS = {
    "feeds.url": {TOKEN},
    "feeds.login": {PASSWORD},
    "episodes.transcripts": {SIGNATURE},
    "episodes.audio_url": {AUDIO},
}
KEY, OTHER_KEY = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
WATCHLIST = "defaults: {channel: 'console:'}\nwatches:\n  - {name: rice, query: rice}\n"

Command = Callable[..., list[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def podwatch(home: Path, tmp_path: Path) -> Iterator[Command]:
    """Runs a command, and returns the lines of its stdout. At the end no secret was in what any of them wrote."""
    said: list[str] = []

    def run(*arguments: object, status: int = 0, secret: bool = False, **env: str) -> list[str]:
        ours = {
            "PATH": "/usr/bin:/bin",
            "PODWATCH_HOME": str(home),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_ENTITIES": "off",
            "PODWATCH_HOST_PAUSE": "0",
        }
        done = shell.podwatch([str(a) for a in arguments], tmp_path, ours | env)
        assert done.returncode == status, done.stderr
        if not secret:
            said.append(f"$ podwatch {' '.join(str(a) for a in arguments[:2])}\n{done.stdout}\n{done.stderr}")
        return (done.stdout + done.stderr).splitlines()

    yield run
    for text in said:
        assert [s for s in SECRETS if s in text] == [], text


@pytest.fixture
def feed(podcast: Podcast) -> str:
    """The whole address of a feed behind a login and a token; one of its transcripts is on its own server."""
    podcast.logins["/feed.xml"] = podcast.logins["/one.vtt"] = LOGIN
    podcast.serve("/one.vtt", vtt("They grow rice."), "text/vtt")
    podcast.fail("/two.vtt", 500, times=9)
    two = podcast.url(f"/two.vtt?sig={SIGNATURE}")
    entries = item("one", transcript=podcast.url("/one.vtt")) + item("two", transcript=two)
    own = f"<link rel='self' xmlns='http://www.w3.org/2005/Atom' href='{podcast.url(f'/feed.xml?token={TOKEN}')}'/>"
    document = rss(entries).replace("one.mp3", f"one.mp3?token={AUDIO}").replace("<language>", own + "<language>")
    podcast.serve("/feed.xml", document)
    return podcast.url(f"/feed.xml?token={TOKEN}").replace("://", f"://{LOGIN}@")


def texts_of(home: Path) -> dict[str, str]:
    """Every column of the database as one text."""
    with closing(sqlite3.connect(home / "podwatch.db")) as db:
        # A virtual table keeps what it has in tables of its own, which are among these.
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        tables = [name for (name,) in db.execute(named)]
        found = {}
        for table in tables:
            cursor = db.execute(f"SELECT * FROM {table}")
            rows = cursor.fetchall()
            for i, column in enumerate(cursor.description):
                found[f"{table}.{column[0]}"] = "\n".join(str(row[i]) for row in rows)
    return found


def misplaced_secrets(home: Path, holds: dict[str, set[str]]) -> list[tuple[str, str]]:
    texts = texts_of(home)
    return [(name, s) for name, text in texts.items() for s in SECRETS if s in text and s not in holds.get(name, set())]


def test_no_output_and_no_other_column_holds_a_secret(
    podwatch: Command, feed: str, podcast: Podcast, home: Path, tmp_path: Path
) -> None:
    Path(tmp_path, "watchlist.yaml").write_text(WATCHLIST)
    shown = podcast.url("/feed.xml?token=***")
    podwatch("feeds", "add", feed)
    podwatch("watches", "sync", "watchlist.yaml")
    [listed] = map(json.loads, podwatch("feeds", "list", "--json"))
    assert (listed["url"], listed["login"]) == (shown, True)
    ran = podwatch("run")
    assert "poll: 1 done, 2 new, 0 failed" in ran
    assert "fetch: 2 done, 1 new, 1 failed" in ran
    assert "rice in “one”" in ran, "the card"
    assert not any("audio.example" in line for line in ran), "no link that holds a token"
    assert podcast.authorizations["/two.vtt"] == [LOGIN]
    for fault, headers in ((500, {}), (403, {}), (302, {"Location": podcast.url(f"/gone?token={TOKEN}")})):
        podcast.fail("/feed.xml", fault, **headers)  # type: ignore[arg-type]
        podwatch("poll", "--force", "--json")
        [listed] = map(json.loads, podwatch("feeds", "list", "--json"))
        assert listed["error"].startswith(f"{shown}: "), listed
        podwatch("feeds", "list")
    podcast.logins["/feed.xml"] = "another:login"
    refused = podwatch("poll", "--force")
    assert any("the feed wants a login, or refuses the one it got" in line for line in refused)
    podwatch("doctor", status=0)
    podwatch("doctor", "--json", status=0)
    podwatch("feeds", "export")
    podwatch("feeds", "export", "--json")
    podwatch("explain", "--watch", "rice", "--episode", "one")
    podwatch("explain", "--watch", "rice", "--episode", "two", "--json")
    podwatch("mentions", "--json")
    podwatch("backfill", "--since", "2026-01-01", "--feed", shown)
    podwatch("backfill", "--since", "2026-01-01", "--feed", feed, "--dry-run", "--json")
    podwatch("backfill", "--list")
    podwatch("mute", "add", "--feed", shown, "--until", "2999-01-01")
    podwatch("feeds", "set", shown, "--transcript-page", "off")
    podwatch("feeds", "add", f"https://listener:{PASSWORD}/x@host/feed", status=1)
    podwatch("feeds", "remove", f"https://h/?token={TOKEN}", status=1)
    assert misplaced_secrets(home, HOLDS) == []
    assert podwatch("feeds", "remove", shown) == [f"removed {shown}"]


def test_a_key_hides_the_login_in_the_database_too(podwatch: Command, feed: str, home: Path, podcast: Podcast) -> None:
    without = HOLDS | {"feeds.login": set()}
    podwatch("feeds", "add", feed)
    assert any("without encryption" in line for line in podwatch("doctor"))
    podwatch("feeds", "encrypt-logins", status=1)
    assert podwatch("feeds", "encrypt-logins", PODWATCH_SECRET_KEY=KEY) == ["1 login encrypted"]
    assert podwatch("feeds", "encrypt-logins", PODWATCH_SECRET_KEY=KEY) == ["0 logins encrypted"]
    assert misplaced_secrets(home, without) == []
    assert podwatch("poll", PODWATCH_SECRET_KEY=KEY)[-1] == "poll: 1 done, 2 new, 0 failed"
    both = f"{OTHER_KEY},{KEY}"
    assert any("with an older key" in line for line in podwatch("doctor", PODWATCH_SECRET_KEY=both))
    assert podwatch("feeds", "encrypt-logins", PODWATCH_SECRET_KEY=both) == ["1 login encrypted"]
    other = podcast.serve("/other.xml", rss(item("three")))
    podwatch("feeds", "add", other, PODWATCH_SECRET_KEY=OTHER_KEY)
    polled = podwatch("poll", "--force", PODWATCH_SECRET_KEY=KEY)
    assert any("its login cannot be decrypted with PODWATCH_SECRET_KEY" in line for line in polled)
    assert "poll: 2 done, 1 new, 1 failed" in polled, "the other feed goes on"
    podwatch("doctor", status=1, PODWATCH_SECRET_KEY=KEY)
    podwatch("feeds", "encrypt-logins", status=1, PODWATCH_SECRET_KEY=KEY)
    assert podwatch("poll", "--force", PODWATCH_SECRET_KEY=OTHER_KEY)[-1] == "poll: 2 done, 0 new, 0 failed"


def test_a_feed_is_one_with_and_without_its_login(podwatch: Command, feed: str, home: Path) -> None:
    bare = opml.feed_at(feed).url
    assert podwatch("feeds", "add", bare, secret=True) == ["1 feed, 1 new"]
    assert podwatch("feeds", "add", feed, bare) == ["1 feed, 0 new"]
    assert podwatch("poll")[-1] == "poll: 1 done, 2 new, 0 failed"
    assert podwatch("feeds", "add", feed) == ["1 feed, 0 new"]
    assert podwatch("poll")[-1] == "poll: 0 done, 0 new, 0 failed", "the same login again changes nothing"
    assert podwatch("feeds", "add", bare.replace("://", "://other:login@")) == ["1 feed, 0 new"]
    assert texts_of(home)["feeds.login"] == "other:login"
    [listed] = map(json.loads, podwatch("feeds", "list", "--json"))
    podwatch("feeds", "login", listed["id"], "--remove")
    assert texts_of(home)["feeds.login"] == "None"


def test_an_export_has_secrets_only_when_asked_for(podwatch: Command, feed: str, home: Path, tmp_path: Path) -> None:
    podwatch("feeds", "add", feed, "https://public.example/feed")
    said = podwatch("feeds", "export", "shown.opml")
    assert "the secrets of 1 feed are left out; --with-secrets writes them" in said
    podwatch("feeds", "export", "whole.opml", "--with-secrets", PODWATCH_SECRET_KEY=KEY)
    assert stat.S_IMODE(Path(tmp_path, "whole.opml").stat().st_mode) == 0o600
    assert not [s for s in SECRETS if s in Path(tmp_path, "shown.opml").read_text()]
    (home / "podwatch.db").unlink()
    imported = podwatch("feeds", "import", "shown.opml")
    assert imported[0] == "1 feed, 1 new", imported
    assert "1 feed is left out: *** stands for a secret in its address" in imported[1]
    assert podwatch("feeds", "import", "whole.opml") == ["2 feeds, 1 new"]
    texts = texts_of(home)
    assert LOGIN in texts["feeds.login"]
    assert opml.feed_at(feed).url in texts["feeds.url"]
    assert misplaced_secrets(home, HOLDS) == []


def test_two_feeds_that_are_shown_alike_are_told_apart_by_number(podwatch: Command) -> None:
    podwatch("feeds", "add", "https://h.example/feed?token=1a", "https://h.example/feed?token=2b")
    refused = podwatch("feeds", "remove", "https://h.example/feed?token=***", status=1)
    assert refused == [
        "podwatch: https://h.example/feed?token=***: 2 feeds are shown like this - give the number: 1, 2"
    ]
    podwatch("feeds", "remove", "2")
    assert podwatch("feeds", "remove", "https://h.example/feed?token=***") == [
        "removed https://h.example/feed?token=***"
    ]
    wrong: Any = podwatch("feeds", "add", "https://h.example/feed?token=***", status=1)
    assert wrong == [
        "podwatch: https://h.example/feed?token=***: has *** in place of a secret - give the whole address"
    ]


def test_no_line_of_a_log_and_no_note_for_an_xcom_holds_a_secret(
    rt: Runtime, feed: str, podcast: Podcast, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    moved = (
        f"<itunes:new-feed-url xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>{feed}</itunes:new-feed-url>"
    )
    podcast.serve("/moved.xml", rss(item("x"), title="Another").replace("<language>", moved + "<language>"))
    rt.store.add_feeds([opml.feed_at(feed), opml.feed_at(podcast.url(f"/moved.xml?token={TOKEN}"))], now)
    notes = LINE["poll"](rt, now).notes + LINE["fetch"](rt, now).notes
    podcast.fail("/feed.xml", 500)
    notes += poll(rt, now, force=True).notes
    log.warning("a line of any kind: %s", feed)
    notes += (Bugs("poll").note(feed, ValueError(f"cannot read {feed}")),)
    said = [*notes, *(record.getMessage() for record in caplog.records)]
    assert len(notes) == 3
    assert any("says that it has moved" in line for line in said)
    assert [line for line in [*said, caplog.text] if any(s in line for s in SECRETS)] == []


def test_a_transcript_elsewhere_is_fetched_although_the_login_cannot_be_decrypted(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    with Podcast() as other:
        there = other.serve("/one.vtt", vtt("They grow rice."), "text/vtt")
        here = podcast.serve("/two.vtt", vtt("They grow wheat."), "text/vtt")
        url = podcast.serve("/feed.xml", rss(item("one", transcript=there), item("two", transcript=here)))
        rt.store.add_feeds([opml.feed_at(url)], now)
        LINE["poll"](rt, now)
        [stored] = rt.store.feeds()
        rt.store.set_login(stored.id, Keyring(Secret(KEY)).seal(LOGIN), now)
        tally = LINE["fetch"](rt, now)
    assert (tally.done, tally.new, tally.failed) == (2, 1, 1)
    assert tally.notes[0].startswith(f"{url}: its login is encrypted, and PODWATCH_SECRET_KEY is not set")


def test_a_feed_that_moves_to_another_server_leaves_its_login_behind(
    rt: Runtime, feed: str, podcast: Podcast, now: datetime
) -> None:
    del podcast.logins["/feed.xml"]
    rt.store.add_feeds([opml.feed_at(feed)], now)
    with Podcast() as other:
        other.serve("/new.xml", rss(item("one")))
        podcast.fail("/feed.xml", 301, Location="/there.xml")
        podcast.serve("/there.xml", rss(item("one")))
        LINE["poll"](rt, now)
        assert [(f.url, f.login) for f in rt.store.feeds()] == [(podcast.url("/there.xml"), LOGIN)]
        podcast.fail("/there.xml", 301, Location=other.url("/new.xml"))
        poll(rt, now, force=True)
        assert [(f.url, f.login) for f in rt.store.feeds()] == [(other.url("/new.xml"), None)]
        assert other.authorizations["/new.xml"] == [None]
