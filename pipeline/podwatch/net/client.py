"""The HTTP client that feeds, transcripts, pages and webhooks go through: limits on time, size and addresses."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from podwatch.errors import HttpError
from podwatch.logins import Login, origin_of
from podwatch.net.cookies import Cookies
from podwatch.net.decompression import BodyDecoder, DecompressionError
from podwatch.net.locations import to_ascii
from podwatch.net.proxies import Proxies
from podwatch.net.transport import Transport
from podwatch.redaction import split_login
from podwatch.settings import Settings

if TYPE_CHECKING:  # it takes 0.03 s, and most commands ask no server
    import requests

MAX_REDIRECTS = 5
MAX_BYTES = 64 * 1024 * 1024  # of a body, after decompression
DEADLINE = 60.0  # seconds for a whole response
CHUNK = 64 * 1024  # bytes read at once
_WANTS_LOGIN = "the feed wants a login, or refuses the one it got: podwatch feeds login URL"
_REDIRECTS = {301, 302, 303, 307, 308}
_WITH_BODY = {200, 203, 206}  # 203: a proxy on the way changed something
_SECONDS = re.compile(r"[0-9]{1,12}")
_RANGE = re.compile(r"\s*bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_CONDITIONS = ("If-None-Match", "If-Modified-Since")
# What a request without conditions would get, too: a login, a page that is gone, a server that wants a pause.
_SAME_WITHOUT_CONDITIONS = {401, 404, 407, 408, 410, 425, 429, 451, 503, 504}


@dataclass(frozen=True, slots=True)
class Response:
    """A usable response: 200 with a body (also for 203, and for a 206 that is whole), or 304 without one.

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
        self._transport = Transport(settings.allow_addresses, tls, Proxies(settings))
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

        A server that fails at the conditions (412, or 500) is asked once more without them; one that answers 304
        although there were none has failed.

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
        at, permanent, hops, cookies = url, True, 0, Cookies()
        while hops <= MAX_REDIRECTS:
            try:
                sent = headers
                if login is not None and origin_of(at) == login.origin:
                    sent = headers | {"Authorization": login.header}
                status, answer, body = self._request(at, sent, max_bytes, deadline, cookies)
            except HttpError as e:
                if at == url:
                    raise
                what = f"is sent on to {at}, and there: {e.what}"
                raise HttpError(what, where=url, todo=e.todo, retryable=e.retryable) from None
            if status in _REDIRECTS and answer.get("location"):
                permanent = permanent and status in (301, 308)
                to = urljoin(at, to_ascii(answer["location"]))
                at = split_login(to)[0]  # a login that a server names is not taken
                hops += 1
                continue
            conditional = any(name in headers for name in _CONDITIONS)
            if conditional and status >= 400 and status not in _SAME_WITHOUT_CONDITIONS:
                headers = {name: value for name, value in headers.items() if name not in _CONDITIONS}
                continue
            if status == 206 and _is_part(answer):
                raise HttpError("the server sent only a part", where=url, retryable=True, status=status)
            if status in _WITH_BODY:
                return Response(200, at, answer, body, at if permanent and at != url else None)
            if status == 304 and not conditional:
                what = "answered 304 Not Modified to a request without conditions, so that nothing can be read"
                raise HttpError(what, where=url, retryable=True, status=304)
            if status == 304:
                return Response(status, at, answer, body, at if permanent and at != url else None)
            raise _status_error(url, status, answer)
        raise HttpError(f"more than {MAX_REDIRECTS} redirects", where=url, retryable=True)

    def _request(
        self, url: str, headers: Mapping[str, str], max_bytes: int, deadline: float, cookies: Cookies
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) of one request, without redirects; failures of the network become HttpError."""
        request = _prepare("GET", url, headers)
        cookies.add_to(request)
        try:
            with self._transport.open(request, deadline) as response:
                answer = _lowered(response)
                if response.status in _REDIRECTS:
                    cookies.take_from(response, request)
                body = _read(response, answer, max_bytes) if response.status in _WITH_BODY else _drain(response)
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


class _TooLargeError(Exception):
    pass


def _lowered(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _read(response: http.client.HTTPResponse, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The body, decompressed as it comes, so that a decompression bomb is noticed before it fills the memory."""
    decoder = BodyDecoder(headers.get("content-encoding", ""))
    parts: list[bytes] = []
    size = 0

    def take(pieces: Iterator[bytes]) -> None:
        nonlocal size
        for data in pieces:
            parts.append(data)
            size += len(data)
            if size > max_bytes:
                raise _TooLargeError

    while chunk := response.read1(CHUNK):
        take(decoder.feed(chunk, max_bytes + 1))
    if response.length:
        raise EOFError(f"the answer ended {response.length} bytes early")
    take(decoder.finish(max_bytes + 1))
    return b"".join(parts)


def _drain(response: http.client.HTTPResponse) -> bytes:
    """Reads a short body that is not needed, so that the connection can be kept; b"". A long one is left unread."""
    for _ in range(4):
        if not response.read1(CHUNK):
            break
    return b""


def _is_part(headers: Mapping[str, str]) -> bool:
    """Whether a 206 has less than the whole, which nobody asked for. Some servers send the whole as one."""
    found = _RANGE.match(headers.get("content-range", ""))
    return found is not None and not (found[1] == "0" and found[3] in ("*", str(int(found[2]) + 1)))


def _status_error(url: str, status: int, headers: Mapping[str, str]) -> HttpError:
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


def fresh_seconds(headers: Mapping[str, str]) -> float:
    """For how long a response says that it stays as it is (RFC 9111, 4.2: max-age less its Age), else 0."""
    said = {name.strip().lower(): value for name, _, value in _directives(headers.get("cache-control", ""))}
    age = said.get("max-age", "").strip().strip('"')
    if "no-cache" in said or "no-store" in said or not _SECONDS.fullmatch(age):
        return 0.0
    passed = headers.get("age", "").strip()
    return max(0.0, float(age) - (float(passed) if _SECONDS.fullmatch(passed) else 0.0))


def _directives(header: str) -> Iterator[tuple[str, str, str]]:
    return (part.partition("=") for part in header[:1000].split(","))


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
