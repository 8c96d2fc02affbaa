"""Reads places of a published file by HTTP range requests, where some seconds of an hour of audio are wanted.

Every answer has to be of the file that the first one was of: a strong validator, the length, the range that was asked
for. Podcast hosts put other advertisements into each copy, and bytes of two copies would be heard as one. Where that
cannot be, or more would be read than is worth it, RangesError says why: the whole may still be downloaded.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from time import monotonic
from types import TracebackType
from typing import Self

from podwatch.errors import HttpError
from podwatch.logins import Login
from podwatch.net.block_cache import BLOCK, BlockCache
from podwatch.net.content_sniffing import SNIFFED_BYTES, refuse_content
from podwatch.net.cookies import Cookies
from podwatch.net.download import ACCEPT_AUDIO, HEADERS_SECONDS, STALL_BYTES, STALL_SECONDS
from podwatch.net.http_messages import (
    MAX_REDIRECTS,
    READ_BYTES,
    REDIRECTS,
    SAME_WITHOUT_CONDITIONS,
    WITH_BODY,
    add_login,
    drain,
    is_plain,
    is_same_file,
    lowered,
    network_failures,
    next_address,
    parse_content_range,
    prepare,
    sent_on,
    split_own_login,
    status_error,
    strong_validator,
)
from podwatch.net.transport import Transport

MAX_CUTS = 3  # answers in a row that bring nothing, before it is left for another time
MOST_REQUESTS = 150  # for one file: more than it costs to hear some places
MIN_SIZE = 2 * 1024 * 1024  # bytes: a smaller file is had whole at once
MOST_SHARE = 0.5  # of a file that is read in parts ...
MOST_BYTES = 64 * 1024 * 1024  # ... and bytes, which are kept in memory


class RangesError(HttpError):
    """The file cannot be read in parts, or not with less effort than as a whole."""

    def __init__(self, what: str, *, where: str = "") -> None:
        super().__init__(what, where=where, retryable=True)


class RangeReader:
    """A published file, of which places are read. Raises HttpError, and RangesError where the whole may be had.

    size: bytes of the file. received: bytes of bodies so far. requests: how many so far. progress: called after each.
    deadline: seconds that all requests together may wait. login: as for a download.
    """

    def __init__(
        self,
        transport: Transport,
        headers: Mapping[str, str],
        url: str,
        *,
        deadline: float,
        login: Login | None = None,
        progress: Callable[[], object] = lambda: None,
        stall: float = STALL_SECONDS,
    ) -> None:
        self._url, self._login = split_own_login(url, login)
        self._transport, self._headers, self._progress = transport, headers, progress
        self._seconds_left, self._stall = deadline, stall
        self._at, self._validator, self._media_type = self._url, "", ""
        self.size = self.received = self.requests = 0
        beginning = self._request(self._url, 0, BLOCK)
        if (reason := refuse_content(beginning[:SNIFFED_BYTES], self._media_type)) is not None:
            raise HttpError(reason, where=self._url, retryable="page" in reason or "XML" in reason)
        if self.size < MIN_SIZE:
            raise RangesError("it is small", where=self._url)
        self._most = min(int(MOST_SHARE * self.size), MOST_BYTES)
        self._cache = BlockCache(self.size, self._fetch)
        self._cache.put_beginning(beginning)

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
        """``length`` bytes from ``offset`` on, fewer at the end. ahead: how many from there on will be read next."""
        return self._cache.read(offset, length, ahead)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        pass  # its connections are the transport's, its bytes those of the process

    def _fetch(self, first: int, end: int) -> bytes:
        """The bytes of [first, end), asked for again where an answer ended early."""
        if self.received + end - first > self._most:
            raise RangesError(f"more than {self._most:,} of its {self.size:,} bytes would be read", where=self._url)
        parts, at, cuts = [], first, 0
        while at < end:
            data = self._request_anew(at, end)
            cuts = 0 if data else cuts + 1
            if cuts == MAX_CUTS:
                raise HttpError("the server sent only a part", where=self._url, retryable=True)
            parts.append(data)
            at += len(data)
        return b"".join(parts)

    def _request_anew(self, first: int, end: int) -> bytes:
        """Asks where redirects led to before; where that is over, as with a signed address, from the start again."""
        if self._at != self._url:
            try:
                return self._request(self._at, first, end)
            except HttpError as e:
                if e.status < 400:
                    raise
        return self._request(self._url, first, end)

    def _request(self, at: str, first: int, end: int) -> bytes:
        """Some of the bytes of [first, end), from the first one on; none where the connection broke."""
        hops, cookies = 0, Cookies()
        while hops <= MAX_REDIRECTS:
            headers = {**self._headers, "Accept": ACCEPT_AUDIO, "Accept-Encoding": "identity"}
            headers["Range"] = f"bytes={first}-{end - 1}"
            if self._validator:
                headers["If-Range"] = self._validator
            request = prepare("GET", at, add_login(headers, self._login, at))
            cookies.add_to(request)
            began = self._begin_request()
            seconds = min(HEADERS_SECONDS, self._seconds_left)
            most = min(self._seconds_left, self._stall * (1 + (end - first) / STALL_BYTES))
            try:
                with (
                    network_failures(at, seconds),
                    self._transport.open(request, seconds, body=(most, self._stall)) as response,
                ):
                    answer = lowered(response)
                    if response.status in REDIRECTS:
                        cookies.take_from(response, request)
                    if response.status == 206:
                        fault = self._find_fault(answer, first, end)
                        if not fault:
                            return self._receive(response, self._accept(at, answer) - first)
                    elif response.status not in WITH_BODY:  # else it is the whole, which is left unread
                        drain(response)
            except HttpError as e:
                raise sent_on(e, self._url, at) from None
            finally:
                self._seconds_left -= monotonic() - began
                self._progress()
            if response.status == 206:
                raise RangesError(fault, where=self._url)
            if response.status not in REDIRECTS or not answer.get("location"):
                raise self._refusal(response.status, answer)
            at = next_address(at, answer["location"])
            hops += 1
        raise HttpError(f"more than {MAX_REDIRECTS} redirects", where=self._url, retryable=True)

    def _begin_request(self) -> float:
        """What the clock says; raises when there is no time or no request left."""
        if self._seconds_left <= 0:
            raise HttpError("the time for reading it in parts is over", where=self._url, retryable=True)
        if self.requests >= MOST_REQUESTS:
            raise RangesError(f"it takes more than {MOST_REQUESTS} requests", where=self._url)
        self.requests += 1
        return monotonic()

    def _find_fault(self, answer: Mapping[str, str], first: int, end: int) -> str:
        """Why a 206 is of no use: it has to be of the same file, and to begin where it was asked to. "" for none."""
        found = parse_content_range(answer)
        if found is None or found[0] != first or not first <= found[1] < end:
            return "the server sends another part than it is asked for"
        if not is_plain(answer):
            return "the server compresses it"
        if self._validator:
            is_same = is_same_file(answer, self._validator, found[2], self.size) and found[1] < self.size
            return "" if is_same else "the file has changed meanwhile"
        if not strong_validator(answer):
            return "the server does not say by which its versions differ"
        return "" if found[1] < (found[2] or 0) else "the server does not say how long it is"

    def _accept(self, at: str, answer: Mapping[str, str]) -> int:
        """Keeps what the first answer says of the file; returns where the part ends."""
        _, last, total = parse_content_range(answer) or (0, -1, None)
        if not self._validator:
            self._validator, self.size = strong_validator(answer), total or 0
            self._media_type = answer.get("content-type", "").partition(";")[0].strip().lower()
        self._at = at
        return last + 1

    def _receive(self, response: http.client.HTTPResponse, wanted: int) -> bytes:
        """So many bytes of the body, or as many as come until the connection breaks. What is more is left unread."""
        parts, missing = [], wanted
        try:
            while missing and (data := response.read1(min(missing, READ_BYTES))):
                parts.append(data)
                missing -= len(data)
        except TimeoutError:
            what = f"the server sends too slowly: less than {STALL_BYTES:,} bytes in {self._stall:g} s"
            raise HttpError(what, where=self._url, retryable=True) from None
        except (OSError, http.client.HTTPException):
            pass  # what has come is of use, the rest is asked for again
        self.received += wanted - missing
        return b"".join(parts)

    def _refusal(self, status: int, answer: Mapping[str, str]) -> HttpError:
        if status in WITH_BODY:
            what = "the file has changed meanwhile" if self._validator else "the server sends no parts of it"
            return RangesError(what, where=self._url)
        if status in SAME_WITHOUT_CONDITIONS:
            return status_error(self._url, status, answer)
        error = RangesError(f"the server answered {status} to a request for a part", where=self._url)
        error.status = status
        return error
