"""Shows an address without its secrets, so that logs, errors, lists and messages may hold it. Pure.

A secret is a login, the value of a parameter whose name says so, a long random value, a part of the path that stands
behind a word such as ``private`` or ``token``. What is public stays readable: numbers and ids of shows and episodes.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from podwatch.lazy_patterns import lazy_pattern

HIDDEN = "***"
EXAMPLE_LOGIN = "user:password"  # how an advice writes one

# Names of parameters, in small letters and without punctuation: access_token is accesstoken.
_SECRET_NAMES = frozenset({
    "token", "auth", "key", "apikey", "accesstoken", "sig", "signature", "secret", "password", "pwd",
    "pass", "passwd", "passphrase", "hash", "hmac", "jwt", "code", "session", "sid", "expires", "policy",
    "keypairid", "credential", "credentials", "login", "user", "username", "userinfo", "uid", "memberid",
    "subscriberid", "email"
})  # fmt: skip
_SECRET_PARTS = ("token", "secret", "passw", "apikey", "signature", "credential", "hmac", "jwt", "session", "xamz",
                 "xgoog")  # fmt: skip
_SECRET_ENDS = ("auth", "key", "sig", "pwd", "hash")
_AZURE_NAMES = frozenset({"se", "sp", "sv", "sr", "st", "spr", "skoid", "sktid", "skt", "ske", "sks", "skv", "sip"})
# Their values may be long and random, and are known to everybody.
_PUBLIC_NAMES = frozenset({"v", "list", "playlist", "inplaylist", "show", "podcast", "episode", "feed", "guid", "clip",
                           "rssbrowser"})  # fmt: skip
# Behind one of these the rest of a path is not for everybody.
_SECRET_WORDS = frozenset({
    "private", "token", "tokens", "key", "keys", "secret", "secrets", "auth", "apikey", "member", "members",
    "subscriber", "subscribers", "premium"
})  # fmt: skip
# What these name follows directly.
_AT_ONCE = frozenset({
    "token", "tokens", "key", "keys", "secret", "secrets", "auth", "apikey"
})  # fmt: skip

_PARTS = lazy_pattern(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)  # RFC 3986, B
_WRAPPED = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # feed:https://
_HIDDEN_PASSWORD = lazy_pattern(r"[^:]*:\*\*\*")
_PORT = lazy_pattern(r"(?:\[[^\]]*\]|[^:]*)(?::\d*)?", re.DOTALL)
_UUID = lazy_pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = lazy_pattern(r"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]+", re.IGNORECASE)
_TOKEN = lazy_pattern(r"[A-Za-z0-9_\-.~+/=:]+")
_JWT = lazy_pattern(r"eyJ[A-Za-z0-9_=-]{17,}")  # base64 of {"
_CHANGES = lazy_pattern(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z]{2})(?=[a-z])")
_ADDRESS = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://\S+")
_CLOSING = ".,:;!?)]}'\">"  # what stands behind an address in a sentence
_WITH_LOGIN = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")
_MAX_DEPTH = 2  # of an address within a value of an address


def display_address(url: str) -> str:
    """The address with *** for its secrets; the same when it has none. Any text is taken, and shown again the same."""
    while (shown := _display(url, 0)) != url:  # what is hidden may be what made something else look public
        url = shown
    return shown


def _display(url: str, depth: int) -> str:
    if wrapped := _WRAPPED.match(url):
        return wrapped[0] + _display(url[wrapped.end() :], depth)
    scheme, authority, path, query, fragment = _split(url)
    if authority is None:
        if scheme is not None and scheme.lower() == "mailto":
            return url
        at = path.partition("/")[0].rfind("@")
        if at >= 0 and (scheme is not None or ":" in path[:at] or path.startswith(HIDDEN)):
            scheme, path = None, f"{HIDDEN}{path[at:]}"  # user:password@host/feed: what looks like a scheme is none
    elif "@" in authority:
        user, _, host = authority.rpartition("@")
        # A hidden password: as SQLAlchemy shows the address of a database.
        if user != EXAMPLE_LOGIN and not _HIDDEN_PASSWORD.fullmatch(user):
            authority = f"{HIDDEN}@{host}"
    elif not _PORT.fullmatch(authority) and "@" in (rest := url.partition("//")[2]):
        # A password with / ? or # in it, which ends the host by the rules.
        start = "" if scheme is None else f"{scheme}:"
        return start + _display(f"//{HIDDEN}@{rest.rpartition('@')[2]}", depth)
    shown = "/".join(_display_segments(path.split("/"), depth))
    built = "" if scheme is None else f"{scheme}:"
    built += "" if authority is None else f"//{authority}"
    built += shown
    built += "" if query is None else f"?{_display_pairs(query, depth)}"
    return built + ("" if fragment is None else f"#{_display_pairs(fragment, depth)}")


def split_login(url: str) -> tuple[str, str | None]:
    """(the address without its login, the login as user:password; None when there is none)"""
    found = _WITH_LOGIN.match(url)
    if found is None:
        return url, None
    user, _, password = found[2].partition(":")
    login = f"{unquote(user)}:{unquote(password)}"
    return found[1] + url[found.end() :], login if login != ":" else None


def has_secret(url: str) -> bool:
    """Whether something in the address is not for everybody."""
    return display_address(url) != url


def is_redacted(url: str) -> bool:
    """Whether the address was copied from where its secrets are hidden, and so cannot be requested."""
    return HIDDEN in url


def redact_text(text: str) -> str:
    """A text in which every address is shown without its secrets."""
    if "://" not in text:
        return text
    return _ADDRESS.sub(_display_match, text)


def _display_match(match: re.Match[str]) -> str:
    address = match[0].rstrip(_CLOSING)
    return display_address(address) + match[0][len(address) :]


def _split(url: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    """(scheme, authority, path, query, fragment); None for what is not there. urllib's refuses and mends some."""
    found = _PARTS.fullmatch(url)
    if found is None:  # pragma: no cover - the pattern takes any text
        return None, None, HIDDEN, None, None
    return found[1], found[2], found[3], found[4], found[5]


def _display_pairs(text: str, depth: int) -> str:
    """A query, or a fragment, with the values of its secret parameters hidden."""
    pieces = re.split("([&;])", text)
    pairs = [piece.partition("=") for piece in pieces]
    names = {_plain_name(name) for name, equals, _ in pairs if equals}
    is_signed = bool(names & {"sig", "signature"})
    shown = []
    for name, equals, value in pairs:
        plain = _plain_name(name)
        if not equals:
            shown.append(HIDDEN if _is_secret_value("", name, depth) else name)
        elif value and (_is_secret_name(plain) or (is_signed and plain in _AZURE_NAMES)):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(f"{name}={HIDDEN if _is_secret_value(plain, value, depth) else value}")
    return "".join(shown)


def _plain_name(name: str) -> str:
    return "".join(c for c in _decode(name).lower() if c.isalnum())


def _is_secret_name(plain: str) -> bool:
    if plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS):
        return True
    return plain.endswith(_SECRET_ENDS)


def _is_secret_value(plain: str, value: str, depth: int) -> bool:
    text = _decode(value)
    if "://" in text or "@" in text:
        return depth == _MAX_DEPTH or _display(text, depth + 1) != text or _has_login(text)
    if _JWT.search(text):
        return True
    is_public = plain in _PUBLIC_NAMES or plain.endswith("id")
    return not is_public and (bool(_UUID.fullmatch(text)) or _is_random(text, 20))


def _has_login(text: str) -> bool:
    return any(_login_end(part) for part in text.split("/"))


def _login_end(part: str) -> int:
    """Where name:password@ ends that a part of an address begins with; 0 when it has none."""
    at = part.rfind("@")
    return at + 1 if at > 0 and (":" in part[:at] or part[:at] == HIDDEN) else 0


def _display_segments(segments: list[str], depth: int) -> list[str]:
    shown = []
    behind = 99  # how many segments after the last secret word
    for i, segment in enumerate(segments):
        words = set(re.split("[^a-z0-9]+", _decode(segments[i - 1]).lower())) if i else set()
        behind = 1 if words & _SECRET_WORDS else behind + 1
        shown.append(_display_segment(segment, behind, bool(words & _AT_ONCE), depth))
    return shown


def _display_segment(segment: str, behind: int, at_once: bool, depth: int) -> str:
    """behind: 1 directly after a word such as private, 2 after the next segment. at_once: the word names a token."""
    if end := _login_end(segment):  # an address within a path, as of services that count downloads
        return f"{HIDDEN}@{_display_segment(segment[end:], 99, False, depth)}"
    if _has_login(_decode(segment)):
        return HIDDEN
    if "=" in segment and (pairs := _display_pairs(segment, depth)) != segment:
        return pairs
    stem, dot, ending = segment.rpartition(".")
    if not (dot and 1 <= len(ending) <= 5 and ending.isalnum()):
        stem, dot, ending = segment, "", ""
    text = _decode(stem)
    if _JWT.search(text):
        return f"{HIDDEN}{dot}{ending}"
    is_long = _UUID.fullmatch(text) or _is_random(text, 16) or (behind <= 2 and _is_random(text, 8) and at_once)
    if behind <= 3 and is_long:
        return f"{HIDDEN}{dot}{ending}"
    return segment


def _is_random(text: str, length: int) -> bool:
    """Whether a text looks made by a machine: hexadecimal, or letters of both sizes and figures in no order."""
    if len(text) < length or not _TOKEN.fullmatch(text):
        return False
    bare = re.sub("[-_]", "", text)
    if _HEX.fullmatch(bare) and len(bare) >= length:
        return True
    return len(_CHANGES.findall(text)) >= max(3, len(text) // 8)


def _decode(text: str) -> str:
    """Without its percent-encoding, also when that was done twice or three times."""
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote(text)
    return text
