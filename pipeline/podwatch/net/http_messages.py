"""HTTP messages as every kind of request here has them: prepared, read, and their failures in one form."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from podwatch.errors import HttpError
from podwatch.logins import Login, origin_of
from podwatch.net.decompression import DecompressionError
from podwatch.net.locations import to_ascii
from podwatch.redaction import split_login

if TYPE_CHECKING:  # it takes 0.03 s, and most commands ask no server
    import requests

MAX_REDIRECTS = 5
READ_BYTES = 64 * 1024  # at once
REDIRECTS = {301, 302, 303, 307, 308}
WITH_BODY = {200, 203, 206}  # 203: a proxy on the way changed something
# What a request without conditions would get, too: a login, a page that is gone, a server that wants a pause.
SAME_WITHOUT_CONDITIONS = {401, 404, 407, 408, 410, 425, 429, 451, 503, 504}
_WANTS_LOGIN = "the feed wants a login, or refuses the one it got: podwatch feeds login URL"
_RANGE = re.compile(r"\s*bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def split_own_login(url: str, login: Login | None) -> tuple[str, Login | None]:
    """(the address without a login, the login that its requests have: its own before the one that is given)"""
    url, own = split_login(url)
    origin = origin_of(url) if own is not None else None
    return url, Login(origin, own) if own is not None and origin is not None else login


def add_login(headers: Mapping[str, str], login: Login | None, at: str) -> Mapping[str, str]:
    """The headers of a request to ``at``: a login goes to its own origin only."""
    return headers if login is None or origin_of(at) != login.origin else {**headers, "Authorization": login.header}


def next_address(at: str, location: str) -> str:
    """Where a redirect leads; a login that a server names is not taken."""
    return split_login(urljoin(at, to_ascii(location)))[0]


def sent_on(error: HttpError, url: str, at: str) -> HttpError:
    """The failure at an address that redirects led to, said of the one that was asked for."""
    if at == url:
        return error
    what = f"is sent on to {at}, and there: {error.what}"
    return HttpError(what, where=url, todo=error.todo, retryable=error.retryable)


@contextmanager
def network_failures(url: str, deadline: float) -> Iterator[None]:
    """Failures of the network become HttpError. deadline: seconds that a TimeoutError says."""
    try:
        yield
    except HttpError as e:
        raise HttpError(
            e.what, where=url, todo=e.todo, retryable=e.retryable, status=e.status, retry_after=e.retry_after
        ) from None
    except ssl.SSLCertVerificationError as e:
        raise HttpError(f"its certificate is not valid ({e.verify_message})", where=url, retryable=True) from None
    except TimeoutError:
        raise HttpError(f"no answer within {deadline:g} s", where=url, retryable=True) from None
    except (OSError, http.client.HTTPException, DecompressionError, EOFError) as e:
        why = (isinstance(e, OSError) and e.strerror) or str(e) or type(e).__name__
        raise HttpError(f"the connection failed ({why})", where=url, retryable=True) from None


def prepare(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> requests.PreparedRequest:
    """The request with its address escaped (RFC 3986) and its host name in ASCII (IDNA); HttpError for no address."""
    import requests

    request = requests.PreparedRequest()
    try:
        request.prepare_method(method)
        request.prepare_url(url, None)
        request.prepare_headers(dict(headers))
        parts = urlsplit(request.url or "")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError(f"{parts.scheme or 'no'} address")
    except (requests.RequestException, ValueError, UnicodeError) as e:
        raise HttpError(f"is not an http(s) address ({e})", where=url, todo="correct it", retryable=False) from None
    request.body = body
    return request


def lowered(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def drain(response: http.client.HTTPResponse) -> bytes:
    """Reads a short body that is not needed, so that the connection can be kept; b"". A long one is left unread."""
    for _ in range(4):
        if not response.read1(READ_BYTES):
            break
    return b""


def parse_content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None] | None:
    """(first byte, last byte, bytes of the whole where that is known) of a 206; None when it does not say."""
    found = _RANGE.match(headers.get("content-range", ""))
    return (int(found[1]), int(found[2]), None if found[3] == "*" else int(found[3])) if found else None


def is_part(headers: Mapping[str, str]) -> bool:
    """Whether a 206 has less than the whole, which nobody asked for. Some servers send the whole as one."""
    found = parse_content_range(headers)
    return found is not None and not (found[0] == 0 and found[2] in (None, found[1] + 1))


def is_plain(headers: Mapping[str, str]) -> bool:
    """Whether a body comes without compression."""
    return headers.get("content-encoding", "identity").strip().lower() in ("", "identity")


def strong_validator(headers: Mapping[str, str]) -> str:
    """What If-Range may say: a strong ETag, else a Last-Modified that is strong (RFC 9110, 8.8.2.2); "" for neither.

    A Last-Modified is strong when it is older than the response by a second.
    """
    etag, modified = headers.get("etag", "").strip(), headers.get("last-modified", "").strip()
    if etag.startswith('"'):
        return etag
    try:
        age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(modified)
        return modified if age.total_seconds() >= 1 else ""
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return ""


def is_same_file(headers: Mapping[str, str], validator: str, said: int | None, total: int | None) -> bool:
    """Whether a 206 is a part of the file with this validator, of ``total`` bytes; said: by its Content-Range."""
    name = "etag" if validator.startswith('"') else "last-modified"
    return (None in (said, total) or said == total) and headers.get(name, validator) == validator


def status_error(url: str, status: int, headers: Mapping[str, str]) -> HttpError:
    reason = http.client.responses.get(status, "")
    todo = {
        401: _WANTS_LOGIN,
        403: _WANTS_LOGIN,
        404: "check the address",
        410: "it is gone for good: remove it, or add it again once it is back",
    }.get(status, "")
    retryable = status in (403, 404, 408, 425, 429) or status >= 500
    return HttpError(
        f"the server answered {status} {reason}".strip(),
        where=url,
        todo=todo,
        retryable=retryable,
        status=status,
        retry_after=parse_retry_after(headers.get("retry-after"), time()),
    )


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a Retry-After header (RFC 9110, 10.2.3: a number or a date); None when unusable."""
    if not value:
        return None
    if (digits := value.strip()).isascii() and digits.isdecimal():  # int() and float() refuse what isdigit() takes: ²
        return float(digits)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
