"""A login reaches its own origin, and no other server, whatever redirects say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podwatch.errors import HttpError
from podwatch.logins import Keyring, Login
from podwatch.net.client import HttpClient
from podwatch.settings import Secret, Settings
from tests.support.podcast_host import Podcast

LOGIN = "me@example.org:pä55:word"


@pytest.fixture
def http(settings: Settings) -> Iterator[HttpClient]:
    opened = HttpClient(settings)
    yield opened
    opened.close()


@pytest.fixture
def other() -> Iterator[Podcast]:
    with Podcast() as host:
        yield host


def login_of(host: Podcast) -> Login | None:
    return Keyring(Secret("")).login_for(host.url("/feed"), LOGIN)


def test_a_login_opens_its_feed(http: HttpClient, podcast: Podcast) -> None:
    podcast.logins["/feed"] = LOGIN
    url = podcast.serve("/feed", "a feed")
    assert http.get(url, login=login_of(podcast)).body == b"a feed"


def test_a_login_in_the_address_opens_it_too_and_is_not_in_the_answer(http: HttpClient, podcast: Podcast) -> None:
    podcast.logins["/feed"] = LOGIN
    url = podcast.serve("/feed", "a feed")
    answer = http.get(url.replace("://", "://me%40example.org:p%C3%A455:word@"))
    assert (answer.body, answer.url) == (b"a feed", url)


def test_a_login_is_not_sent_to_another_origin(http: HttpClient, podcast: Podcast, other: Podcast) -> None:
    other.serve("/there", "a feed")
    podcast.fail("/feed", 302, Location=other.url("/there"))
    assert http.get(podcast.url("/feed"), login=login_of(podcast)).body == b"a feed"
    assert podcast.authorizations["/feed"] == [LOGIN]
    assert other.authorizations["/there"] == [None]
    http.get(other.url("/there"), login=login_of(podcast))
    assert other.authorizations["/there"] == [None, None]


def test_a_login_is_not_sent_in_clear_when_its_feed_has_tls(http: HttpClient, podcast: Podcast) -> None:
    podcast.serve("/feed", "a feed")
    secure = Keyring(Secret("")).login_for(podcast.url("/feed").replace("http:", "https:"), LOGIN)
    http.get(podcast.url("/feed"), login=secure)
    assert podcast.authorizations["/feed"] == [None]


def test_a_login_follows_a_redirect_within_its_origin(http: HttpClient, podcast: Podcast) -> None:
    podcast.serve("/new", "a feed")
    podcast.fail("/feed", 301, Location="/new")
    answer = http.get(podcast.url("/feed"), login=login_of(podcast))
    assert podcast.authorizations["/new"] == [LOGIN]
    assert answer.moved_to == podcast.url("/new")


def test_a_login_that_a_redirect_names_is_neither_sent_nor_kept(http: HttpClient, podcast: Podcast) -> None:
    podcast.serve("/new", "a feed")
    podcast.fail("/feed", 301, Location=podcast.url("/new").replace("://", "://eve:evil@"))
    answer = http.get(podcast.url("/feed"))
    assert podcast.authorizations["/new"] == [None]
    assert answer.moved_to == podcast.url("/new")


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_refused_is_told_what_to_do(status: int, http: HttpClient, podcast: Podcast) -> None:
    url = podcast.fail("/feed", status)
    with pytest.raises(HttpError) as e:
        http.get(url.replace("://", "://user:pa55@"))
    assert e.value.line.startswith(f"{url}: the server answered {status} ")
    assert e.value.line.endswith(" - the feed wants a login, or refuses the one it got: podwatch feeds login URL")
