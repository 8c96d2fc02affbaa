"""A login is taken out of its address, told to its own origin only, and stored so that only the key opens it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import PodwatchError, SettingsError
from podwatch.logins import Keyring, Login, check_login, is_sealed, origin_of
from podwatch.redaction import split_login
from podwatch.settings import Secret, from_environment, parse_secret_keys

NEW, OLD = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
URL = "https://host/feed"


def keyring(keys: str) -> Keyring:
    return Keyring(Secret(keys))


SPLIT = {
    "https://user:pass@host/feed": ("https://host/feed", "user:pass"),
    "https://host/feed": ("https://host/feed", None),
    "https://token@host:8443/feed?a=b@c": ("https://host:8443/feed?a=b@c", "token:"),
    "https://me%40x.org:p%3Ass%2F@host/": ("https://host/", "me@x.org:p:ss/"),
    "https://user:p@ss@host/": ("https://host/", "user:p@ss"),
    "https://host/@user:x@y": ("https://host/@user:x@y", None),
    "https://@host/": ("https://host/", None),
    "https://Zoë:gr%C3%BCn@host/": ("https://host/", "Zoë:grün"),
    "no address": ("no address", None),
}


@pytest.mark.parametrize("url", SPLIT)
def test_an_address_is_split_from_its_login(url: str) -> None:
    assert split_login(url) == SPLIT[url]


@given(st.text())
def test_any_text_can_be_asked_for_a_login_and_what_is_left_has_none(text: str) -> None:
    assert split_login(split_login(text)[0])[1] is None or "@" in text
    assert split_login(f"https://user:pass@host/{text}")[0] == f"https://host/{text}"
    origin_of(text)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://Host/feed") == origin_of("https://host:443/other") == ("https", "host", 443)
    others = ["http://host/", "https://host:8443/", "https://www.host/", "ftp://host/", "https://[::1", ""]
    assert all(origin_of(url) != origin_of("https://host/") for url in others)


def test_a_login_is_sent_as_the_standard_says_and_not_shown() -> None:
    login = Login(("https", "host", 443), "test:123\u00a3")
    assert login.header == "Basic dGVzdDoxMjPCow=="  # the example of RFC 7617, 2.1
    assert "123" not in repr(login)


@given(st.text(st.characters(codec="utf-8")), st.sampled_from([NEW, OLD, f"{NEW},{OLD}"]))
def test_what_is_sealed_shows_nothing_and_opens_again(text: str, keys: str) -> None:
    login = f"user:{text}"
    stored = keyring(keys).seal(login)
    assert is_sealed(stored)
    assert keyring(keys).open(stored, URL) == login


def test_without_a_key_a_login_is_stored_as_it_is() -> None:
    assert keyring("").seal("user:pass") == "user:pass"
    assert keyring(NEW).open("user:pass", URL) == "user:pass"
    assert keyring("").is_current("user:pass")
    assert not keyring(NEW).is_current("user:pass")


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals() -> None:
    stored = keyring(OLD).seal("user:pass")
    both = keyring(f"{NEW},{OLD}")
    assert both.open(stored, URL) == "user:pass"
    assert not both.is_current(stored)
    again = both.seal(both.open(stored, URL))
    assert both.is_current(again)
    assert keyring(NEW).open(again, URL) == "user:pass"


@pytest.mark.parametrize("keys", [NEW, ""])
def test_the_wrong_key_or_none_is_one_clear_line(keys: str) -> None:
    stored = keyring(OLD).seal("user:pass")
    with pytest.raises(PodwatchError, match=r"^https://host/feed: its login .*PODWATCH_SECRET_KEY") as e:
        keyring(keys).open(stored, URL)
    assert "pass" not in e.value.line
    assert stored not in e.value.line


@pytest.mark.parametrize("text", ["user", ":pass", "user:pa\nss", "user:\x00", "u:" + "x" * 1000, ""])
def test_what_no_server_could_be_told_is_no_login(text: str) -> None:
    with pytest.raises(PodwatchError, match="cannot be a login") as e:
        check_login(text)
    assert "pa\n" not in str(e.value)


def test_the_keys_are_read_from_the_environment_and_checked() -> None:
    keys = from_environment({"PODWATCH_SECRET_KEY": f" {NEW} , {OLD},"}).secret_keys
    assert keys.reveal() == f"{NEW},{OLD}"
    for wrong in ("secret", NEW[:-4], f"{NEW},x", "ключ"):
        with pytest.raises(SettingsError, match="PODWATCH_SECRET_KEY: is no key - make one with") as e:
            parse_secret_keys(wrong)
        assert wrong not in e.value.line
