"""Every setting in one frozen object, read once when a command or task starts; nothing else reads the environment."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podwatch.errors import SettingsError
from podwatch.policy.delivery_timing import DeliveryTiming

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
CHECKOUT = Path(__file__).resolve().parents[2]


class Secret:
    """A string that is not shown: not in a repr, a log or an error. It cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. tls: "implicit" (from the first byte), "starttls" (before login and mail), or "none"."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address of a named webhook, secret since it may hold a token, and the secret that signs its bodies."""

    url: Secret
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their defaults; docs/settings.md describes the variables.

    home: folder for what podwatch writes. slack_app_token: for Socket Mode; with it cards have buttons.
    allow_addresses: internal networks that may be reached. contact: an address for the owners of polled servers.
    poll_floor: seconds between two polls of a feed, at least. first_poll: how many of its newest episodes a new feed
    takes in; the rest is for a backfill. live_days: an episode known longer than this before a watch was made raises
    no alert. poll_threads: requests at once, at most. host_pause: seconds between two requests to one host; how many
    at once is in policy/host_limits.py. entities: whether entities are recognised. pace: how long deliver waits.
    secret_keys: what the logins of feeds are encrypted with, the newest first, with a comma between them.
    """

    home: Path
    database_url: Secret
    slack_token: Secret = field(default_factory=lambda: Secret(""))
    slack_app_token: Secret = field(default_factory=lambda: Secret(""))
    slack_base_url: str = "https://slack.com/api/"
    allow_addresses: tuple[IpNetwork, ...] = ()
    poll_floor: float = 300.0
    first_poll: int = 10
    live_days: float = 7.0
    contact: str = ""
    poll_threads: int = 512
    host_pause: float = 0.25
    smtp: Smtp | None = None
    mail_from: str = ""
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    webhook_secret: Secret = field(default_factory=lambda: Secret(""))
    secret_keys: Secret = field(default_factory=lambda: Secret(""))
    entities: bool = True
    pace: DeliveryTiming = field(default_factory=DeliveryTiming)


def default_home() -> Path:
    """.podwatch in the checkout when run from one, else in the user's data folder."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / ".podwatch"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "podwatch"


_DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Settings)}


def from_environment(env: Mapping[str, str]) -> Settings:
    """The settings of the variables PODWATCH_* and SLACK_*; raises SettingsError with the variable's name."""
    try:
        home = Path(env.get("PODWATCH_HOME") or default_home()).expanduser().absolute()
    except (RuntimeError, OSError) as e:  # no such user; a working folder that has been removed
        raise SettingsError(
            f"is no folder ({e})", where=f"PODWATCH_HOME={env.get('PODWATCH_HOME', '')}", todo="give its full path"
        ) from None
    base = env.get("PODWATCH_SLACK_BASE_URL") or _DEFAULTS["slack_base_url"]
    if not base.startswith(("https://", "http://")):
        raise SettingsError("is no http(s) address", where=f"PODWATCH_SLACK_BASE_URL={base}")
    webhook_secret = Secret(_text(env, "PODWATCH_WEBHOOK_SECRET"))
    return Settings(
        home=home,
        database_url=Secret(env.get("PODWATCH_DATABASE_URL") or f"sqlite:///{home / 'podwatch.db'}"),
        slack_token=Secret(_text(env, "SLACK_BOT_TOKEN")),
        slack_app_token=Secret(_text(env, "SLACK_APP_TOKEN")),
        slack_base_url=base.rstrip("/") + "/",
        allow_addresses=parse_networks(_text(env, "PODWATCH_ALLOW_ADDRESSES")),
        poll_floor=_number(env, "PODWATCH_POLL_FLOOR", _DEFAULTS["poll_floor"]),
        first_poll=int(_number(env, "PODWATCH_FIRST_POLL", _DEFAULTS["first_poll"])),
        live_days=_number(env, "PODWATCH_LIVE_DAYS", _DEFAULTS["live_days"]),
        contact=_text(env, "PODWATCH_CONTACT"),
        poll_threads=max(1, min(1024, int(_number(env, "PODWATCH_POLL_THREADS", _DEFAULTS["poll_threads"])))),
        host_pause=_number(env, "PODWATCH_HOST_PAUSE", _DEFAULTS["host_pause"]),
        smtp=parse_smtp_url(_text(env, "PODWATCH_SMTP_URL")),
        mail_from=_text(env, "PODWATCH_MAIL_FROM"),
        webhooks=parse_webhooks(_text(env, "PODWATCH_WEBHOOKS"), webhook_secret),
        webhook_secret=webhook_secret,
        secret_keys=parse_secret_keys(_text(env, "PODWATCH_SECRET_KEY")),
        entities=_switch(env, "PODWATCH_ENTITIES", _DEFAULTS["entities"]),
    )


def parse_smtp_url(url: str) -> Smtp | None:
    """Of smtps://user:password@host:465, smtp://host:587 (STARTTLS) or smtp://host:25?tls=none; None for "".

    Raises SettingsError, which shows nothing of the address, since a password may be anywhere in it.
    """
    if not url:
        return None
    todo = "write smtp://user:password@host:587 (STARTTLS), smtps://...:465, or smtp://host:25?tls=none"
    try:
        parts = urlsplit(url)
        port, tls = parts.port, {"smtps": "implicit", "smtp": "starttls"}.get(parts.scheme)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not tls or not parts.hostname or parts.path not in ("", "/") or parts.fragment or port == 0:
            raise ValueError
        if parts.query:
            if parts.query != "tls=none" or tls != "starttls":
                raise ValueError
            tls = "none"
    except ValueError:
        raise SettingsError("is not the address of a mail server", where="PODWATCH_SMTP_URL", todo=todo) from None
    if tls == "none" and password:
        raise SettingsError("would send a password in the clear", where="PODWATCH_SMTP_URL", todo="leave out tls=none")
    return Smtp(
        parts.hostname, port or {"implicit": 465, "starttls": 587, "none": 25}[tls], tls, user, Secret(password)
    )


def parse_webhooks(text: str, secret: Secret) -> dict[str, Webhook]:
    """The named webhooks in JSON: {"desk": "https://..."} or {"desk": {"url": "https://...", "secret": "..."}}.

    secret: for those without one. Raises SettingsError, which shows no address and no secret.
    """
    todo = 'write JSON such as {"desk": "https://..."} or {"desk": {"url": "https://...", "secret": "..."}}'
    try:
        tree = json.loads(text or "{}")
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        raise SettingsError("is not a JSON object", where="PODWATCH_WEBHOOKS", todo=todo)
    found = {}
    for name, entry in tree.items():
        given = {"url": entry} if isinstance(entry, str) else entry
        fits = isinstance(given, dict) and "url" in given and set(given) <= {"url", "secret"}
        if not fits or not all(isinstance(v, str) for v in given.values()) or not given["url"].startswith("http"):
            raise SettingsError("is no webhook", where=f"PODWATCH_WEBHOOKS: {name}", todo=todo)
        own = Secret(given.get("secret", ""))
        found[name] = Webhook(Secret(given["url"]), own if own else secret)
    return found


def parse_secret_keys(text: str) -> Secret:
    """The keys of a comma-separated list, each 32 bytes in base64 (Fernet); raises SettingsError, which shows none."""
    keys = [key for part in text.split(",") if (key := part.strip())]
    for key in keys:
        try:
            fits = key.isascii() and len(base64.b64decode(key.encode(), altchars=b"-_", validate=True)) == 32
        except binascii.Error:
            fits = False
        if not fits:
            make = "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"
            raise SettingsError("is no key", where="PODWATCH_SECRET_KEY", todo=f"make one with python3 -c '{make}'")
    return Secret(",".join(keys))


def parse_networks(text: str) -> tuple[IpNetwork, ...]:
    """The networks of a comma- or blank-separated list, as in ``127.0.0.0/8, ::1``."""
    found = []
    for part in text.replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError as e:
            raise SettingsError(
                str(e), where="PODWATCH_ALLOW_ADDRESSES", todo="write networks like 127.0.0.0/8, 10.1.2.3"
            ) from None
    return tuple(found)


def _text(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    raw = _text(env, name)
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise SettingsError("is not a number of 0 or more", where=f"{name}={raw}")
    return value


_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def _switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    raw = _text(env, name).lower()
    if raw in ("", *_ON, *_OFF):
        return raw in _ON if raw else default
    raise SettingsError("is neither on nor off", where=f"{name}={raw}")
