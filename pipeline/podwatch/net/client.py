"""The HTTP client that feeds, transcripts, pages and webhooks go through: limits on time, size and addresses."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urljoin, urlsplit

import requests

from podwatch.errors import HttpError
from podwatch.logins import Login, origin_of
from podwatch.net.decompression import DecompressionError, decompressor_for
from podwatch.net.transport import Transport
from podwatch.redaction import split_login
from podwatch.settings import Settings

MAX_REDIRECTS = 5
MAX_BYTES = 64 * 1024 * 1024  # of a body, after decompression
DEADLINE = 60.0  # seconds for a whole response
CHUNK = 64 * 1024  # bytes read at once
_WANTS_LOGIN = "the feed wants a login, or refuses the one it got: podwatch feeds login URL"
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Response:
    """A usable response: 200 with a body, or 304 without one.

    url: where it came from, after redirects. headers: their names in lower case. body: decompressed.
    moved_to: the address to store from now on, when there were redirects and all of them permanent.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def parameters(self) -> str:
        """Those of the media type: "; charset=gbk", "" without any."""
        return "".join(self.headers.get("content-type", "").partition(";")[1:])[:200]


class HttpClient:
    """Conditional GET with a deadline, a size limit and an address check at every redirect; and POST.

    A login in an address is sent as HTTP Basic auth, to the address's own origin only, and stands in no error.

    Any number of threads may share it. tls: the system's certificate authorities unless given.
    """

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None = None) -> None:
        self._transport = Transport(settings.allow_addresses, tls)
        self._headers = {
            "User-Agent": f"podwatch/0.1 (podcast monitor; {settings.contact or 'contact: see PODWATCH_CONTACT'})",
            "Accept-Encoding": "gzip, br",
        }

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        login: Login | None = None,
        max_bytes: int = MAX_BYTES,
        deadline: float = DEADLINE,
    ) -> Response:
        """200 or 304; anything else raises HttpError with the address, what happened and whether to try again.

        etag, last_modified: validators of the last response (RFC 9110, 13.1). max_bytes: of the body, decompressed.
        deadline: seconds for each request; a redirect is another request. login: sent to its own origin only, so
        neither to where a redirect leads nor without TLS when its address has it.
        """
        url, own = split_login(url)
        if own is not None and (origin := origin_of(url)) is not None:
            login = Login(origin, own)
        headers = self._headers | {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        at, permanent = url, True
        for _ in range(MAX_REDIRECTS + 1):
            try:
                sent = headers
                if login is not None and origin_of(at) == login.origin:
                    sent = headers | {"Authorization": login.header}
                status, answer, body = self._request(at, sent, max_bytes, deadline)
            except HttpError as e:
                if at == url:
                    raise
                what = f"is sent on to {at}, and there: {e.what}"
                raise HttpError(what, where=url, todo=e.todo, retryable=e.retryable) from None
            if status in _REDIRECTS and answer.get("location"):
                permanent = permanent and status in (301, 308)
                at = split_login(urljoin(at, answer["location"]))[0]  # a login that a server names is not taken
                continue
            if status in (200, 304):
                return Response(status, at, answer, body, at if permanent and at != url else None)
            raise _status_error(url, status, answer)
        raise HttpError(f"more than {MAX_REDIRECTS} redirects", where=url, retryable=True)

    def _request(
        self, url: str, headers: Mapping[str, str], max_bytes: int, deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) of one request, without redirects; failures of the network become HttpError."""
        request = _prepare("GET", url, headers)
        try:
            with self._transport.open(request, deadline) as response:
                answer = _lowered(response)
                body = _read(response, answer, max_bytes) if response.status == 200 else _drain(response)
        except HttpError as e:
            raise HttpError(e.what, where=url, todo=e.todo, retryable=e.retryable) from None
        except _TooLargeError:
            raise HttpError(f"is larger than {max_bytes:,} bytes", where=url, retryable=False) from None
        except ssl.SSLCertVerificationError as e:
            raise HttpError(f"its certificate is not valid ({e.verify_message})", where=url, retryable=True) from None
        except TimeoutError:
            raise HttpError(f"no answer within {deadline:g} s", where=url, retryable=True) from None
        except (OSError, http.client.HTTPException, DecompressionError, EOFError) as e:
            why = (isinstance(e, OSError) and e.strerror) or str(e) or type(e).__name__
            raise HttpError(f"the connection failed ({why})", where=url, retryable=True) from None
        return response.status, answer, body

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = DEADLINE
    ) -> tuple[int, Mapping[str, str]]:
        """(status, headers) of the response to a body, whatever they are; its own body is not read, redirects not
        followed.

        Raises NotSentError when nothing was written, HttpError when ``url`` is no address, and OSError or
        HTTPException when the server may have acted on the body without saying so.
        """
        url, own = split_login(url)
        sent = self._headers | dict(headers)
        if own is not None and (origin := origin_of(url)) is not None:
            sent["Authorization"] = Login(origin, own).header
        response = self._transport.post(_prepare("POST", url, sent, body), deadline)
        return response.status, _lowered(response)

    def close(self) -> None:
        self._transport.close()


def _prepare(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> requests.PreparedRequest:
    """The request with its address escaped (RFC 3986) and its host name in ASCII (IDNA); HttpError for no address."""
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


class _TooLargeError(Exception):
    pass


def _lowered(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _read(response: http.client.HTTPResponse, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The body, decompressed as it comes, so that a decompression bomb is noticed before it fills the memory."""
    decompressor = decompressor_for(headers.get("content-encoding", ""))
    parts: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        for data in decompressor.feed(chunk, max_bytes + 1):
            parts.append(data)
            size += len(data)
            if size > max_bytes:
                raise _TooLargeError
    if response.length:
        raise EOFError(f"the answer ended {response.length} bytes early")
    if not decompressor.complete():
        raise EOFError("the compressed answer is cut off")
    return b"".join(parts)


def _drain(response: http.client.HTTPResponse) -> bytes:
    """Reads a short body that is not needed, so that the connection can be kept; b"". A long one is left unread."""
    for _ in range(4):
        if not response.read1(CHUNK):
            break
    return b""


def _status_error(url: str, status: int, headers: Mapping[str, str]) -> HttpError:
    reason = http.client.responses.get(status, "")
    todo = {
        401: _WANTS_LOGIN,
        403: _WANTS_LOGIN,
        404: "check the address",
        410: "it is gone for good: remove it",
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
