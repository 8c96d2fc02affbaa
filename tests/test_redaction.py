"""An address is shown without its secrets, whatever it looks like, and what is public in it stays readable."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import PodwatchError
from podwatch.redaction import HIDDEN, display_address, has_secret, is_redacted, redact_text

UUID = "3a4b1c7e-53d8-4d11-9f7f-2f3e2b1a0c9d"
SHA256 = hashlib.sha256(b"a listener").hexdigest()
NAMES = [
    "token", "auth", "key", "api_key", "apikey", "access_token", "sig", "signature", "secret", "password",
    "pwd", "pass", "hash", "hmac", "jwt", "code", "session", "sid", "X-Amz-Signature", "X-Amz-Credential",
    "X-Amz-Security-Token", "Policy", "Key-Pair-Id", "X-Goog-Signature", "authToken", "feed-key",
    "Access%5FToken"
]  # fmt: skip

SHOWN = {
    "a login": ("https://user:pass@host/feed", "https://***@host/feed"),
    "a login with an @": ("https://me@example.org:p@ss@host:8443/feed", "https://***@host:8443/feed"),
    "a name alone, which may be a token": ("https://abc@host/feed", "https://***@host/feed"),
    "a password with a slash": ("https://user:pa/ss@host/feed", "https://***@host/feed"),
    "a password with a question mark": ("https://user:pa?ss@host/feed", "https://***@host/feed"),
    "a password with a hash": ("https://user:pa#ss@host/feed", "https://***@host/feed"),
    "no scheme": ("user:pass@host/feed", "***@host/feed"),
    "no scheme but slashes": ("//user:pass@host/feed", "//***@host/feed"),
    "a podcast app's scheme": ("feed:https://user:pass@host/feed", "feed:https://***@host/feed"),
    "a database": ("postgresql+psycopg://user:pass@host/db", "postgresql+psycopg://***@host/db"),
    "Patreon": ("https://www.patreon.com/rss/name?auth=a1B2c3&show=12", "https://www.patreon.com/rss/name?auth=***&show=12"),
    "Supporting Cast": (
        "https://show.supportingcast.fm/content/eyJ0IjoicCIsImMiOiIxMjMiLCJ1IjoiNDU2In0.rss",
        "https://show.supportingcast.fm/content/***.rss",
    ),
    "Substack": (f"https://api.substack.com/feed/podcast/1/private/{UUID}.rss", "https://api.substack.com/feed/podcast/1/private/***.rss"),
    "Acast, private": (f"https://feeds.acast.com/private/shows/{UUID}", "https://feeds.acast.com/private/shows/***"),
    "a private folder": (f"https://host/private/{SHA256}/feed.xml", "https://host/private/***/feed.xml"),
    "a token in the path": ("https://host/feeds/token/abc12345", "https://host/feeds/token/***"),
    "a parameter in the path": ("https://host/feed;jsessionid=12ab/x", "https://host/feed;jsessionid=***/x"),
    "Azure": ("https://a.blob.core.windows.net/x?sv=2020&se=2030&sp=r&sig=ab%3D", "https://a.blob.core.windows.net/x?sv=***&se=***&sp=***&sig=***"),
    "CloudFront": ("https://host/a.mp3?Expires=1&Signature=ab&Key-Pair-Id=K", "https://host/a.mp3?Expires=***&Signature=***&Key-Pair-Id=***"),
    "a long value without a telling name": (f"https://host/feed?u={SHA256}", "https://host/feed?u=***"),
    "a long value without a name": (f"https://host/feed?{SHA256}", "https://host/feed?***"),
    "a token in a fragment": ("https://host/feed#access_token=ab&x=1", "https://host/feed#access_token=***&x=1"),
    "an address within the path": ("https://count.example/e/https://u:p@host/a.mp3?token=1", "https://count.example/e/https://***@host/a.mp3?token=***"),
    "an address within a value": (f"https://h/?url={quote('https://u:p@host/f', safe='')}", "https://h/?url=***"),
}  # fmt: skip

PUBLIC = [
    "https://example.org/feed.xml",
    "https://feeds.megaphone.fm/ADL9840290619",
    f"https://feeds.acast.com/public/shows/{UUID}",
    "https://feeds.simplecast.com/54nAGcIl",
    "https://anchor.fm/s/1e4a0eac/podcast/rss",
    f"https://anchor.fm/s/1e4a/podcast/play/12/https%3A%2F%2Fd3c.cloudfront.net%2Fstaging%2F2024-1-1%2F{UUID}.mp3",
    "https://open.spotify.com/show/3IM0lmZxpFAY7CwMuv9H4g",
    "https://www.youtube.com/feeds/videos.xml?channel_id=UCX6OQ3DkcsbYNE6H8uQQuVA",
    "https://www.youtube.com/playlist?list=PL590L5WQmH8fJ54F369BLDSqIwcs-TCfs",
    f"https://www.omnycontent.com/d/playlist/{UUID}/{UUID}/podcast.rss",
    f"https://traffic.omny.fm/d/clips/{UUID}/audio.mp3?utm_source=Podcast&in_playlist={UUID}",
    "https://dts.podtrac.com/redirect.mp3/chrt.fm/track/8DB4DB/traffic.megaphone.fm/ADL984.mp3?updated=1697000000",
    "https://feeds.feedburner.com/TheShowWithEverybodyPodcastEpisodes2024",
    "https://host/private/the-great-show-of-2024-part-2/feed",
    "https://host/feed?title=the-great-episode-of-2024-part-2-with-guest&author=me",
    "https://medium.com/feed/@user/slug",
    "https://host/a.mp3#t=754",
    "http://[2001:db8::1]:8080/feed",
    "mailto:desk@example.org",
    "postgresql://podwatch:***@db/podwatch",
    "#podcasts",
    "",
]

names = st.sampled_from(NAMES)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="&;#*"), min_size=1)
logins = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/?#*\\"), min_size=1)


@pytest.mark.parametrize("case", SHOWN)
def test_a_secret_is_hidden_and_the_rest_stays(case: str) -> None:
    url, shown = SHOWN[case]
    assert display_address(url) == shown
    assert has_secret(url)
    assert is_redacted(shown)


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_is_shown_as_it_is(url: str) -> None:
    assert display_address(url) == url
    assert not has_secret(url)


@given(logins, st.sampled_from(["https://", "http://", "feed:https://", "//"]), st.sampled_from(["/feed", "", "?a=1"]))
def test_no_login_survives(login: str, start: str, end: str) -> None:
    assert display_address(f"{start}{login}@host{end}") == f"{start}{HIDDEN}@host{end}"


@given(names, values, st.sampled_from(["?", "?a=1&", "#", "?a=1;"]))
def test_no_value_of_a_listed_name_survives(name: str, value: str, start: str) -> None:
    assert display_address(f"https://host/feed{start}{name}={value}") == f"https://host/feed{start}{name}={HIDDEN}"


@given(st.integers(), st.sampled_from(["https://host/f?x=", "https://host/private/", "https://host/token/a/"]))
def test_no_long_random_value_survives(n: int, start: str) -> None:
    assert display_address(start + hashlib.sha256(str(n).encode()).hexdigest()) == start + HIDDEN


pieces = st.sampled_from(["https", ":", "//", "/", "@", "?", "#", "=", "&", ";", ".", "%", "%40", "[", "]", "***", " ",
                          "user", "token", "private", SHA256, "eyJ" + SHA256, "\n", "é", "\ud800", "-", "1"])  # fmt: skip
anything = st.text() | st.lists(pieces, max_size=14).map("".join)


@given(anything)
def test_any_text_is_taken_and_what_was_shown_is_shown_the_same_again(text: str) -> None:
    shown = display_address(text)
    assert display_address(shown) == shown
    once = redact_text(text)
    assert redact_text(once) == once


def test_addresses_within_a_text_are_shown_without_their_secrets() -> None:
    text = "it sent me to https://u:p@h/f?token=abc: gone (see https://h/x?key=12), 'https://a:b@c/d'"
    assert (
        redact_text(text)
        == "it sent me to https://***@h/f?token=***: gone (see https://h/x?key=***), 'https://***@c/d'"
    )
    assert redact_text("nothing: to see@here") == "nothing: to see@here"


def test_no_error_holds_a_secret_in_any_of_its_parts() -> None:
    url = "https://user:pa55@host/feed?token=abc"
    e = PodwatchError(f"is sent on to {url}", where=url, todo=f"try {url}")
    for said in (e.line, str(e), repr(e), e.what, e.where, e.todo):
        assert "pa55" not in said
        assert "abc" not in said
