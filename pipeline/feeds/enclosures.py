"""The address of an episode's audio without what changes between two downloads of the same feed."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

_AUDIO = re.compile(r"\.(mp3|m4a|m4b|aac|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm)$", re.IGNORECASE)
# /redirect.mp3/host.example/..., /track/ABC/host.example/..., /e/https://host.example/...
_INNER = re.compile(r"/(?:https?:/{1,2})?((?:[a-z0-9_-]+\.)+[a-z]{2,24})/", re.IGNORECASE)


def canonical(address: str) -> str:
    """The same for http and https, behind tracking prefixes, and with any query when the path names a file."""
    try:
        parts = urlsplit(unquote(address) if "%2F%2F" in address.upper() else address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return address
    path, query = parts.path, parts.query
    while True:
        inner = [m for m in _INNER.finditer(path) if not _AUDIO.search(m[1])]
        if not inner:
            break
        host, path = inner[-1][1].lower(), path[inner[-1].end() - 1 :]
    return urlunsplit(("https", host.removeprefix("www."), path, "" if _AUDIO.search(path) else query, ""))
