"""The HTTP client that feeds, transcripts, pages and webhooks go through: limits on time, size and addresses."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from podwatch.errors import HttpError
from podwatch.logins import Login
from podwatch.net.cookies import Cookies
from podwatch.net.decompression import BodyDecoder
from podwatch.net.download import STALL_SECONDS, Download, download
from podwatch.net.http_messages import (
    MAX_REDIRECTS,
    READ_BYTES,
    REDIRECTS,
    SAME_WITHOUT_CONDITIONS,
    WITH_BODY,
    add_login,
    drain,
    is_part,
    lowered,
    network_failures,
    next_address,
    prepare,
    sent_on,
    split_own_login,
    status_error,
)
from podwatch.net.proxies import Proxies
from podwatch.net.ranges import RangeReader
from podwatch.net.transport import Transport
from podwatch.settings import Settings

MAX_BYTES = 64 * 1024 * 1024  # of a body, after decompression
DEADLINE = 60.0  # seconds for a whole response
MORE_SECONDS = 10.0  # for a response when the time of a run is over
_SECONDS = re.compile(r"[0-9]{1,12}")
_CONDITIONS = ("If-None-Match", "If-Modified-Since")


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
        self._run_ends: float | None = None  # by the monotonic clock

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
        url, login = split_own_login(url, login)
        headers = self._headers | {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        at, permanent, hops, cookies = url, True, 0, Cookies()
        while hops <= MAX_REDIRECTS:
            try:
                status, answer, body = self._request(at, add_login(headers, login, at), max_bytes, deadline, cookies)
            except HttpError as e:
                raise sent_on(e, url, at) from None
            if status in REDIRECTS and answer.get("location"):
                permanent = permanent and status in (301, 308)
                at = next_address(at, answer["location"])
                hops += 1
                continue
            conditional = any(name in headers for name in _CONDITIONS)
            if conditional and status >= 400 and status not in SAME_WITHOUT_CONDITIONS:
                headers = {name: value for name, value in headers.items() if name not in _CONDITIONS}
                continue
            if status == 206 and is_part(answer):
                raise HttpError("the server sent only a part", where=url, retryable=True, status=status)
            if status in WITH_BODY:
                return Response(200, at, answer, body, at if permanent and at != url else None)
            if status == 304 and not conditional:
                what = "answered 304 Not Modified to a request without conditions, so that nothing can be read"
                raise HttpError(what, where=url, retryable=True, status=304)
            if status == 304:
                return Response(status, at, answer, body, at if permanent and at != url else None)
            raise status_error(url, status, answer)
        raise HttpError(f"more than {MAX_REDIRECTS} redirects", where=url, retryable=True)

    def limit_run(self, seconds: float) -> None:
        """From now on no request lasts longer than MORE_SECONDS after so many seconds; 0: no limit."""
        self._run_ends = monotonic() + seconds if seconds > 0 else None

    def _deadline(self, seconds: float) -> float:
        if self._run_ends is None:
            return seconds
        return min(seconds, max(0.0, self._run_ends - monotonic()) + MORE_SECONDS)

    def download(
        self,
        url: str,
        path: str | Path,
        *,
        max_bytes: int,
        deadline: float,
        login: Login | None = None,
        progress: Callable[[int, int | None], object] | None = None,
        stall: float = STALL_SECONDS,
    ) -> Download:
        """Keeps what an address has in a file, as podwatch.net.download says; the same errors as ``get``.

        Raises StorageError, too, when it cannot be written.
        """
        return download(
            self._transport,
            self._headers,
            url,
            Path(path),
            max_bytes=max_bytes,
            deadline=deadline,
            login=login,
            progress=progress,
            stall=stall,
        )

    def open_ranges(
        self, url: str, *, deadline: float, login: Login | None = None, progress: Callable[[], object] = lambda: None
    ) -> RangeReader:
        """Reads places of a file without the rest, as podwatch.net.ranges says; the same errors as ``get``.

        Raises RangesError where the file cannot be read so.
        """
        return RangeReader(self._transport, self._headers, url, deadline=deadline, login=login, progress=progress)

    def _request(
        self, url: str, headers: Mapping[str, str], max_bytes: int, deadline: float, cookies: Cookies
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) of one request, without redirects; failures of the network become HttpError."""
        request, deadline = prepare("GET", url, headers), self._deadline(deadline)
        cookies.add_to(request)
        try:
            with network_failures(url, deadline), self._transport.open(request, deadline) as response:
                answer = lowered(response)
                if response.status in REDIRECTS:
                    cookies.take_from(response, request)
                body = _read(response, answer, max_bytes) if response.status in WITH_BODY else drain(response)
        except _TooLargeError:
            raise HttpError(f"is larger than {max_bytes:,} bytes", where=url, retryable=False) from None
        return response.status, answer, body

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = DEADLINE
    ) -> tuple[int, Mapping[str, str]]:
        """(status, headers) of the response to a body, whatever they are; its own body is not read, redirects not
        followed.

        Raises NotSentError when nothing was written, HttpError when ``url`` is no address, and OSError or
        HTTPException when the server may have acted on the body without saying so.
        """
        url, login = split_own_login(url, None)
        sent = add_login(self._headers | dict(headers), login, url)
        response = self._transport.post(prepare("POST", url, sent, body), deadline)
        return response.status, lowered(response)

    def exchange(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        max_bytes: int = MAX_BYTES,
        deadline: float = DEADLINE,
    ) -> Response:
        """The response to a body, with its own body, whatever its status; redirects are not followed.

        It is for services whose answer counts, and that may be asked again. deadline: seconds for both ways. Raises
        HttpError when there is no response, or a larger one than ``max_bytes``.
        """
        url, login = split_own_login(url, None)
        request = prepare("POST", url, add_login(self._headers | dict(headers), login, url), body)
        try:
            with network_failures(url, deadline), self._transport.open(request, deadline) as response:
                answer = lowered(response)
                return Response(response.status, url, answer, _read(response, answer, max_bytes))
        except _TooLargeError:
            raise HttpError(f"its answer is larger than {max_bytes:,} bytes", where=url, retryable=False) from None

    def close(self) -> None:
        self._transport.close()


class _TooLargeError(Exception):
    pass


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

    while chunk := response.read1(READ_BYTES):
        take(decoder.feed(chunk, max_bytes + 1))
    if response.length:
        raise EOFError(f"the answer ended {response.length} bytes early")
    take(decoder.finish(max_bytes + 1))
    return b"".join(parts)


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
