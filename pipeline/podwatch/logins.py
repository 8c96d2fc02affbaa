"""The login of a feed: stored encrypted, and sent to the feed's own server only."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, urlsplit

from podwatch.errors import PodwatchError
from podwatch.settings import Secret

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet

MAX_LENGTH = 1000  # characters of a login
Origin: TypeAlias = tuple[str, str, int]  # scheme, host, port (RFC 6454)


@dataclass(frozen=True, slots=True)
class Login:
    """What one origin is told with each request. text: user:password."""

    origin: Origin
    text: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of Authorization (RFC 7617, in UTF-8)."""
        return "Basic " + base64.b64encode(self.text.encode("utf-8", "replace")).decode()


def origin_of(url: str) -> Origin | None:
    """The origin of an address; None of what is no http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname.lower(), port) if parts.hostname else None


def join_login(url: str, login: str) -> str:
    """The address with the login in it; split_login() gives both back."""
    start, slashes, rest = url.partition("://")
    user, _, password = login.partition(":")
    return f"{start}{slashes}{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def check_login(login: str) -> str:
    """The login; raises PodwatchError, which does not show it, for one that no server could be told."""
    if ":" not in login or login.startswith(":") or len(login) > MAX_LENGTH or not login.isprintable():
        todo = f"write user:password, {MAX_LENGTH:,} characters at most, without control characters"
        raise PodwatchError("cannot be a login", where="what was given", todo=todo)
    return login


class Keyring:
    """Encrypts and decrypts the logins that are stored. keys: of PODWATCH_SECRET_KEY, with a comma between them.

    The first key encrypts, each of them decrypts. Without a key a login is stored as it is; it holds a colon then,
    which an encrypted one never does.
    """

    def __init__(self, keys: Secret) -> None:
        self._keys = keys

    @property
    def has_key(self) -> bool:
        return bool(self._keys)

    def seal(self, login: str) -> str:
        """The login as it is stored."""
        return self._fernets[0].encrypt(login.encode()).decode() if self.has_key else login

    def open(self, stored: str, where: str) -> str:
        """The login of the feed ``where``; raises PodwatchError when it was encrypted with another key."""
        if not is_sealed(stored):
            return stored
        if not self.has_key:
            todo = "set it to the key that encrypted it, or give the login anew: podwatch feeds login"
            raise PodwatchError("its login is encrypted, and PODWATCH_SECRET_KEY is not set", where=where, todo=todo)
        from cryptography.fernet import InvalidToken

        try:
            return self._all.decrypt(stored.encode()).decode()
        except InvalidToken:
            what = "its login cannot be decrypted with PODWATCH_SECRET_KEY"
            todo = "add the key that encrypted it, behind a comma, or give the login anew: podwatch feeds login"
            raise PodwatchError(what, where=where, todo=todo, retryable=True) from None

    def is_current(self, stored: str) -> bool:
        """Whether a stored login is as seal() would store it now."""
        if not self.has_key:
            return not is_sealed(stored)
        from cryptography.fernet import InvalidToken

        try:
            self._fernets[0].decrypt(stored.encode())
        except InvalidToken:
            return False
        return True

    def login_for(self, feed_url: str, stored: str | None) -> Login | None:
        """What requests of a feed send to its origin; None for a feed without a login. Raises what open() does."""
        if stored is None or (origin := origin_of(feed_url)) is None:
            return None
        return Login(origin, self.open(stored, feed_url))

    @cached_property
    def _fernets(self) -> list[Fernet]:
        from cryptography.fernet import Fernet  # a tenth of a second that only those with logins pay

        return [Fernet(key) for key in self._keys.reveal().split(",")]

    @cached_property
    def _all(self) -> MultiFernet:
        from cryptography.fernet import MultiFernet

        return MultiFernet(self._fernets)


def is_sealed(stored: str) -> bool:
    """Whether a stored login is encrypted."""
    return ":" not in stored
