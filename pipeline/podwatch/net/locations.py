"""Reads the addresses that servers redirect to: many are not ASCII, although a header's have to be."""

from __future__ import annotations

from urllib.parse import quote, quote_from_bytes, urlsplit

_KEPT = "!#$%&'()*+,/:;=?@[]~"  # the reserved characters of an address (RFC 3986, 2.2), and what is escaped already


def to_ascii(location: str) -> str:
    """A Location as http.client gives it, in ASCII: escaped (RFC 3987, 3.1), its host in IDNA.

    Most servers write UTF-8. Bytes that are none are escaped as they are, since the server will read them again.
    """
    location = location.strip()
    if location.isascii():
        return location.replace(" ", "%20")
    raw = location.encode("latin-1", "replace")
    try:
        text, escaped = raw.decode(), None
    except UnicodeDecodeError:
        text, escaped = location, quote_from_bytes(raw, safe=_KEPT)
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return location
    if host.isascii():
        return escaped or quote(text, safe=_KEPT)
    before, _, behind = text.partition("//")
    authority = behind[: next((i for i, c in enumerate(behind) if c in "/?#"), len(behind))]
    rest = behind[len(authority) :]
    if escaped is not None:
        rest = quote_from_bytes(rest.encode("latin-1"), safe=_KEPT)
    # Its host stays as it is written: the client makes IDNA of it, as of every address.
    return f"{before}//{authority}{rest if escaped is not None else quote(rest, safe=_KEPT)}"
