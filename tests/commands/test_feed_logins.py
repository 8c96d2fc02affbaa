"""podwatch feeds login asks for a login without showing it: on a terminal, or from stdin."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from podwatch.errors import PodwatchError
from podwatch.feeds import opml
from podwatch.model import Feed
from podwatch.policy.feed_choice import choose_feed, reference_to
from podwatch.settings import Settings
from podwatch.store.database import open_store

PODWATCH = Path(sys.executable).with_name("podwatch")
URL = "https://show.example/feed?token=abc"


@pytest.fixture
def added(settings: Settings) -> Settings:
    settings.home.mkdir()
    store = open_store(settings)
    store.add_feeds([opml.feed_at(URL)], store.clock())
    store.close()
    return settings


def login_of(settings: Settings) -> str | None:
    store = open_store(settings)
    [feed] = store.feeds()
    store.close()
    return feed.login


def run(settings: Settings, *arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PODWATCH_HOME": str(settings.home)}
    return subprocess.run(
        [PODWATCH, "feeds", "login", *arguments], env=env, input=stdin, capture_output=True, text=True, timeout=300
    )


def test_a_login_is_read_from_stdin(added: Settings) -> None:
    done = run(added, URL, stdin="me:pa:55\n")
    assert (done.stdout, done.stderr) == ("https://show.example/feed?token=***: login set\n", "")
    assert login_of(added) == "me:pa:55"
    assert run(added, "1", "--user", "you", stdin="other").returncode == 0
    assert login_of(added) == "you:other"
    refused = run(added, "1", stdin="no-colon\n")
    assert (refused.returncode, "no-colon" in refused.stderr) == (1, False)
    assert login_of(added) == "you:other"


def test_a_terminal_is_asked_and_the_password_is_not_echoed(added: Settings) -> None:
    ours, theirs = pty.openpty()
    env = os.environ | {"PODWATCH_HOME": str(added.home)}
    with subprocess.Popen(
        [PODWATCH, "feeds", "login", "1", "--user", "me"], env=env, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while b"password: " not in said:  # its last character is written once typing is not echoed any more
            said += os.read(ours, 1000)
        os.write(ours, b"pa55\n")
        while True:
            try:
                part = os.read(ours, 1000)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
        assert process.wait(timeout=300) == 0
    os.close(ours)
    assert login_of(added) == "me:pa55"
    assert b"pa55" not in said


def test_a_feed_is_chosen_by_number_by_its_whole_address_and_as_it_is_shown() -> None:
    feeds = [Feed(url=URL, id=1), Feed(url="https://show.example/other?token=abc", id=2)]
    feeds.append(Feed(url="https://show.example/other?token=def", id=3))
    for named in (
        "1",
        URL,
        f" {URL} ",
        "https://u:p@show.example/feed?token=abc",
        "https://show.example/feed?token=***",
    ):
        assert choose_feed(feeds, named).id == 1, named
    assert choose_feed(feeds, feeds[2].url).id == 3
    assert reference_to(feeds[0]) == "1"
    with pytest.raises(PodwatchError, match="2 feeds are shown like this - give the number: 2, 3"):
        choose_feed(feeds, "https://show.example/other?token=***")
    with pytest.raises(PodwatchError, match="is not among the feeds"):
        choose_feed(feeds, "https://show.example/")
