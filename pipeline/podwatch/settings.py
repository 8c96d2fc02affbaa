"""Every setting in one frozen object, read once at the edge, so that nothing below looks at the environment."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podwatch.errors import SettingsError
from podwatch.model import DeliveryTiming

type_network = ipaddress.IPv4Network | ipaddress.IPv6Network
CHECKOUT = Path(__file__).resolve().parents[2]


class Secret:
    """A string that never shows itself: not in a repr, not in a log, not in an error, not when pickled."""

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
    """A mail server. tls: "implicit" (from the first byte), "starttls" (before anything is said), or "none"."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a named webhook leads. The address is a secret too: many services put their token into it."""

    url: Secret
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """home: folder for what podwatch writes. poll_floor, live_days: seconds and days.

    first_poll: how many of its newest episodes a new feed brings in; the rest is for a backfill.
    live_days: an episode known longer than this before a watch was made raises no alert.
    contact: an address for those whose servers are asked. poll_threads: requests under way at once, at most;
    host_pause: seconds between two requests to one host. slack_app_token: for Socket Mode; with it cards have buttons.
    entities: whether transcripts are read for names.
    pace: how long deliver waits for what.
    """

    home: Path
    database_url: Secret
    slack_token: Secret = field(default_factory=lambda: Secret(""))
    slack_app_token: Secret = field(default_factory=lambda: Secret(""))
    slack_base_url: str = "https://slack.com/api/"
    allow_addresses: tuple[type_network, ...] = ()
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
    entities: bool = True
    pace: DeliveryTiming = field(default_factory=DeliveryTiming)


def default_home() -> Path:
    """.podwatch in the checkout when run from one, else in the user's data folder."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / ".podwatch"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "podwatch"


def from_environment(env: Mapping[str, str]) -> Settings:
    """The settings of PODWATCH_* and SLACK_BOT_TOKEN; raises SettingsError naming the variable."""
    try:
        home = Path(env.get("PODWATCH_HOME") or default_home()).expanduser().absolute()
    except (RuntimeError, OSError) as e:  # no such user; a working folder that has been removed
        raise SettingsError(
            f"is no folder ({e})", where=f"PODWATCH_HOME={env.get('PODWATCH_HOME', '')}", todo="give its full path"
        ) from None
    base = env.get("PODWATCH_SLACK_BASE_URL") or "https://slack.com/api/"
    if not base.startswith(("https://", "http://")):
        raise SettingsError("is no http(s) address", where=f"PODWATCH_SLACK_BASE_URL={base}")
    webhook_secret = Secret(env.get("PODWATCH_WEBHOOK_SECRET", "").strip())
    return Settings(
        home=home,
        database_url=Secret(env.get("PODWATCH_DATABASE_URL") or f"sqlite:///{home / 'podwatch.db'}"),
        slack_token=Secret(env.get("SLACK_BOT_TOKEN", "").strip()),
        slack_app_token=Secret(env.get("SLACK_APP_TOKEN", "").strip()),
        slack_base_url=base.rstrip("/") + "/",
        allow_addresses=networks(env.get("PODWATCH_ALLOW_ADDRESSES", "")),
        poll_floor=_number(env, "PODWATCH_POLL_FLOOR", 300.0),
        first_poll=int(_number(env, "PODWATCH_FIRST_POLL", 10)),
        live_days=_number(env, "PODWATCH_LIVE_DAYS", 7.0),
        contact=env.get("PODWATCH_CONTACT", "").strip(),
        poll_threads=max(1, min(1024, int(_number(env, "PODWATCH_POLL_THREADS", 512)))),
        host_pause=_number(env, "PODWATCH_HOST_PAUSE", 0.25),
        smtp=smtp(env.get("PODWATCH_SMTP_URL", "").strip()),
        mail_from=env.get("PODWATCH_MAIL_FROM", "").strip(),
        webhooks=webhooks(env.get("PODWATCH_WEBHOOKS", "").strip(), webhook_secret),
        webhook_secret=webhook_secret,
        entities=_switch(env, "PODWATCH_ENTITIES", True),
    )


def smtp(url: str) -> Smtp | None:
    """smtps://user:password@host:465, smtp://host:587 (STARTTLS), smtp://host:25?tls=none. None for "".

    Raises SettingsError, which repeats nothing of the address, since a password may stand anywhere in it.
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


def webhooks(text: str, secret: Secret) -> dict[str, Webhook]:
    """The named webhooks in JSON: {"desk": "https://..."} or {"desk": {"url": "https://...", "secret": "..."}}.

    secret: for those without one. Raises SettingsError, which repeats no address and no secret.
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


def networks(text: str) -> tuple[type_network, ...]:
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


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    raw = env.get(name, "").strip()
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise SettingsError("is not a number of 0 or more", where=f"{name}={raw}")
    return value


_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")  # as people write it elsewhere


def _switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    raw = env.get(name, "").strip().lower()
    if raw in ("", *_ON, *_OFF):
        return raw in _ON if raw else default
    raise SettingsError("is neither on nor off", where=f"{name}={raw}")
