"""Every setting in one frozen object, read once when a command or task starts; nothing else reads the environment."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podwatch.errors import SettingsError
from podwatch.known_variables import describe_unknown, unknown_variables
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.policy.retention import FOR_EVER, parse_keep
from podwatch.secret import Secret
from podwatch.speech_settings import SpeechSettings, speech_settings
from podwatch.variables import read_number, read_switch, read_text

__all__ = ["Secret", "Settings", "Smtp", "Webhook", "describe_unknown", "from_environment", "unknown_variables"]
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
DATABASE = "podwatch.db"  # in the data folder, where no other is set
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. tls: "implicit" (from the first byte), "starttls" (before login and mail), or "none".

    helo: the name to greet it with; "": this machine's.
    """

    host: str
    port: int
    tls: str
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    helo: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address of a named webhook, secret since it may hold a token, and the secret that signs its bodies.

    former: secrets that sign beside it while receivers change over. headers: of the team's own, which may be logins.
    """

    url: Secret
    secret: Secret
    former: tuple[Secret, ...] = ()
    headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their defaults; docs/settings.md describes the variables.

    home: folder for what podwatch writes. slack_app_token: for Socket Mode; with it cards have buttons. slack_proxy:
    the address of an HTTP proxy, secret since it may hold a password; http_proxy, https_proxy: those of all other
    requests, except to the hosts in no_proxy. slack_timeout: seconds, at most pace.timeout. apple_lookup: where the
    feed of a show at Apple Podcasts is looked up.
    allow_addresses: internal networks that may be reached. contact: an address for the owners of polled servers.
    poll_floor: seconds between two polls of a feed, at least. run_seconds: for how long poll, and then fetch, of a run
    ask servers, 0: until all have answered. first_poll: how many of its newest episodes a new feed
    takes in; the rest is for a backfill. live_days: an episode known longer than this before a watch was made raises
    no alert. poll_threads: requests at once, at most. host_pause: seconds between two requests to one host; how many
    at once is in policy/host_limits.py. entities: whether entities are recognised. console: whether alerts for Slack
    are printed while there is no token, as somebody asked. pace: how long deliver waits.
    heartbeat_url: asked when the line has run through; heartbeat_fail: and with /fail behind it when it broke.
    secret_keys: what the logins of feeds are encrypted with, the newest first, with a comma between them.
    migrate: whether every command brings older tables up to date; else only `podwatch db migrate` does.
    keep_days: for how long the text of transcripts is kept, unless its feed says otherwise.
    speech: of `listen`. page_token: lets one in to the page where `podwatch serve` serves it; metrics_token: to
    /metrics, and to nothing else; mcp_token: lets agents ask `podwatch mcp --http`.
    page_url: where readers reach the page, without a slash at the end; cards link there.
    watchlist: the file that is synced, where the team keeps its watchlist in one; the page then changes no watch.
    """

    home: Path
    database_url: Secret
    slack_token: Secret = field(default_factory=lambda: Secret(""))
    slack_app_token: Secret = field(default_factory=lambda: Secret(""))
    slack_base_url: str = "https://slack.com/api/"
    slack_proxy: Secret = field(default_factory=lambda: Secret(""))
    slack_timeout: float = 30.0
    http_proxy: Secret = field(default_factory=lambda: Secret(""))
    https_proxy: Secret = field(default_factory=lambda: Secret(""))
    no_proxy: str = ""
    apple_lookup: str = "https://itunes.apple.com/lookup"
    allow_addresses: tuple[IpNetwork, ...] = ()
    poll_floor: float = 300.0
    run_seconds: float = 0.0
    first_poll: int = 10
    live_days: float = 7.0
    contact: str = ""
    poll_threads: int = 512
    host_pause: float = 0.25
    smtp: Smtp | None = None
    mail_from: str = ""
    mail_unsubscribe: tuple[str, ...] = ()
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    webhook_secret: Secret = field(default_factory=lambda: Secret(""))
    secret_keys: Secret = field(default_factory=lambda: Secret(""))
    entities: bool = True
    console: bool = False
    pace: DeliveryTiming = field(default_factory=DeliveryTiming)
    heartbeat_url: Secret = field(default_factory=lambda: Secret(""))
    heartbeat_fail: bool = False
    migrate: bool = True
    keep_days: int = FOR_EVER
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    page_token: Secret = field(default_factory=lambda: Secret(""))
    metrics_token: Secret = field(default_factory=lambda: Secret(""))
    mcp_token: Secret = field(default_factory=lambda: Secret(""))
    page_url: str = ""
    watchlist: Path | None = None


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
    webhook_secret = Secret(read_text(env, "PODWATCH_WEBHOOK_SECRET"))
    return Settings(
        home=home,
        database_url=Secret(env.get("PODWATCH_DATABASE_URL") or f"sqlite:///{home / DATABASE}"),
        slack_token=Secret(read_text(env, "SLACK_BOT_TOKEN")),
        slack_app_token=Secret(read_text(env, "SLACK_APP_TOKEN")),
        slack_base_url=base.rstrip("/") + "/",
        slack_proxy=parse_proxy(read_text(env, "PODWATCH_SLACK_PROXY")),
        slack_timeout=max(1.0, read_number(env, "PODWATCH_SLACK_TIMEOUT", _DEFAULTS["slack_timeout"])),
        http_proxy=parse_system_proxy(env, "http_proxy"),
        https_proxy=parse_system_proxy(env, "https_proxy"),
        no_proxy=read_text(env, "no_proxy") or read_text(env, "NO_PROXY"),
        apple_lookup=read_text(env, "PODWATCH_APPLE_LOOKUP") or _DEFAULTS["apple_lookup"],
        allow_addresses=parse_networks(read_text(env, "PODWATCH_ALLOW_ADDRESSES")),
        poll_floor=read_number(env, "PODWATCH_POLL_FLOOR", _DEFAULTS["poll_floor"]),
        run_seconds=read_number(env, "PODWATCH_RUN_SECONDS", _DEFAULTS["run_seconds"]),
        first_poll=int(read_number(env, "PODWATCH_FIRST_POLL", _DEFAULTS["first_poll"])),
        live_days=read_number(env, "PODWATCH_LIVE_DAYS", _DEFAULTS["live_days"]),
        contact=read_text(env, "PODWATCH_CONTACT"),
        poll_threads=max(1, min(1024, int(read_number(env, "PODWATCH_POLL_THREADS", _DEFAULTS["poll_threads"])))),
        host_pause=read_number(env, "PODWATCH_HOST_PAUSE", _DEFAULTS["host_pause"]),
        smtp=parse_smtp_url(read_text(env, "PODWATCH_SMTP_URL"), parse_helo(read_text(env, "PODWATCH_SMTP_HELO"))),
        mail_from=read_text(env, "PODWATCH_MAIL_FROM"),
        mail_unsubscribe=parse_unsubscribe(read_text(env, "PODWATCH_MAIL_UNSUBSCRIBE")),
        webhooks=parse_webhooks(read_text(env, "PODWATCH_WEBHOOKS"), webhook_secret),
        webhook_secret=webhook_secret,
        secret_keys=parse_secret_keys(read_text(env, "PODWATCH_SECRET_KEY")),
        entities=read_switch(env, "PODWATCH_ENTITIES", _DEFAULTS["entities"]),
        console=read_switch(env, "PODWATCH_CONSOLE", _DEFAULTS["console"]),
        heartbeat_url=_address(env, "PODWATCH_HEARTBEAT_URL"),
        heartbeat_fail=read_switch(env, "PODWATCH_HEARTBEAT_FAIL", _DEFAULTS["heartbeat_fail"]),
        keep_days=_keep(env, "PODWATCH_KEEP"),
        migrate=read_switch(env, "PODWATCH_MIGRATE", _DEFAULTS["migrate"]),
        speech=speech_settings(env, home),
        page_token=Secret(read_text(env, "PODWATCH_PAGE_TOKEN")),
        metrics_token=Secret(read_text(env, "PODWATCH_METRICS_TOKEN")),
        mcp_token=Secret(read_text(env, "PODWATCH_MCP_TOKEN")),
        page_url=parse_page_url(read_text(env, "PODWATCH_PAGE_URL")),
        watchlist=Path(named).expanduser() if (named := read_text(env, "PODWATCH_WATCHLIST")) else None,
    )


def parse_system_proxy(env: Mapping[str, str], name: str) -> Secret:
    """The proxy of HTTP_PROXY or HTTPS_PROXY, in small letters first, as other programs take them."""
    name = name if read_text(env, name) else name.upper()
    url = read_text(env, name)
    url = url if not url or "://" in url else f"http://{url}"
    if url.startswith("https://"):
        todo = "give one that is reached by http://"
        raise SettingsError("a proxy behind TLS is not supported", where=name, todo=todo)
    return parse_proxy(url, name)


def parse_proxy(url: str, name: str = "PODWATCH_SLACK_PROXY") -> Secret:
    """Of http://user:password@host:3128, or ""; raises SettingsError, which shows nothing of it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        fits = False
    if url and not fits:
        todo = "write http://user:password@host:3128"
        raise SettingsError("is not the address of a proxy", where=name, todo=todo)
    return Secret(url)


def parse_page_url(url: str) -> str:
    """Where readers reach the page, with its prefix and without a slash at the end; raises SettingsError."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        fits = False
    if url and (not fits or " " in url or parts.query or parts.fragment or "@" in parts.netloc):
        todo = "write https://podwatch.example.org, with its path when it has one"
        raise SettingsError("is no address of a page", where="PODWATCH_PAGE_URL", todo=todo)
    return url.rstrip("/")


def parse_helo(name: str) -> str:
    """A name, or an address in brackets, to greet a mail server with; "" when none is set."""
    if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[A-Za-z0-9:.]{2,50}\]", name):
        todo = "write this machine's name in the DNS, or [192.0.2.1], or [IPv6:2001:db8::1]"
        raise SettingsError("is no name", where=f"PODWATCH_SMTP_HELO={name}", todo=todo)
    return name


def parse_unsubscribe(text: str) -> tuple[str, ...]:
    """The addresses, mailto: or https:, of a list with commas."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for address in found:
        if not re.fullmatch(r"(mailto:[!-~]+@[!-~]+|https://[!-~]+)", address) or set(address) & set("<>"):
            todo = "write mailto:name@example.org or https://..."
            raise SettingsError("is no address", where=f"PODWATCH_MAIL_UNSUBSCRIBE={address}", todo=todo)
    return found


def parse_smtp_url(url: str, helo: str = "") -> Smtp | None:
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
    port = port or {"implicit": 465, "starttls": 587, "none": 25}[tls]
    return Smtp(parts.hostname, port, tls, user, Secret(password), helo)


def parse_webhooks(text: str, secret: Secret) -> dict[str, Webhook]:
    """The named webhooks in JSON: {"desk": "https://..."} or {"desk": {"url": "https://...", "secret": "..."}}.

    A secret may be a list, the new one first, while receivers change over; "headers" are sent with each post.
    secret: for those without one. Raises SettingsError, which shows no address, no secret and no header.
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
        where = f"PODWATCH_WEBHOOKS: {name}"
        if not isinstance(given, dict) or not set(given) <= {"url", "secret", "headers"}:
            raise SettingsError("is no webhook", where=where, todo=todo)
        url, own = given.get("url"), given.get("secret", "")
        secrets = own if isinstance(own, list) and own else [own]
        if not isinstance(url, str) or not url.startswith("http") or not all(isinstance(s, str) for s in secrets):
            raise SettingsError("is no webhook", where=where, todo=todo)
        if len(secrets) > 1 and not all(secrets):
            raise SettingsError("has an empty secret", where=where, todo="leave it out of the list")
        first, *former = map(Secret, secrets)
        headers = _headers(given.get("headers", {}), where)
        found[name] = Webhook(Secret(url), first if first else secret, tuple(former), headers)
    return found


# Of a webhook's post: what podwatch itself sets, and what frames the request.
_OUR_HEADERS = {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "host", "te"}
_OUR_HEADERS |= {"idempotency-key", "expect", "upgrade", "trailer"}


def _headers(given: object, where: str) -> dict[str, Secret]:
    """The headers of a webhook, their values secret (RFC 9110, 5.1 and 5.5)."""
    todo = (
        'write {"headers": {"Authorization": "Bearer ..."}}: names of letters, digits and -, values of printable ASCII'
    )
    found: dict[str, Secret] = {}
    for name, value in given.items() if isinstance(given, dict) else [("", "")]:
        fits = re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name) and isinstance(value, str)
        if not fits or not re.fullmatch(r"[!-~]([ -~]{0,7998}[!-~])?", value):
            raise SettingsError("has a header that is none", where=where, todo=todo)
        if name.lower() in _OUR_HEADERS or name.lower().startswith("webhook-"):
            raise SettingsError("has a header that podwatch sets itself", where=where, todo="leave it out")
        if name.lower() in {n.lower() for n in found}:
            raise SettingsError("has a header twice", where=where, todo="leave one out")
        found[name] = Secret(value)
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


def _keep(env: Mapping[str, str], name: str) -> int:
    raw = read_text(env, name)
    try:
        return parse_keep(raw) if raw else FOR_EVER
    except ValueError as e:
        raise SettingsError(str(e), where=f"{name}={raw}") from None


def _address(env: Mapping[str, str], name: str) -> Secret:
    """A secret http(s) address, or none; the error shows nothing of it."""
    raw = read_text(env, name)
    if raw and not raw.startswith(("https://", "http://")):
        raise SettingsError("is no http(s) address", where=name, todo="write https://...")
    return Secret(raw)
