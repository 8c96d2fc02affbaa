"""Downloads an audio file, or a model, to the disk: in limits of bytes and time, and going on where it was cut off.

A part is only continued when the server says by If-Range that it still has the same file: podcast hosts put other
advertisements into each copy. A trickling server is given up after a minute with less than 64 KB; whatever else never
ends, at the deadline of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic

from podwatch.errors import HttpError
from podwatch.logins import Login
from podwatch.net.content_sniffing import SNIFFED_BYTES, refuse_content
from podwatch.net.cookies import Cookies
from podwatch.net.decompression import BodyDecoder
from podwatch.net.http_messages import (
    MAX_REDIRECTS,
    READ_BYTES,
    REDIRECTS,
    SAME_WITHOUT_CONDITIONS,
    WITH_BODY,
    add_login,
    drain,
    is_part,
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
from podwatch.net.part_file import PartFile, PartOrigin
from podwatch.net.transport import Transport

HEADERS_SECONDS = 60.0  # until the headers of each response are there
STALL_SECONDS, STALL_BYTES = 60.0, 64 * 1024  # so much has to come in so much time: 9 kbit/s, less than any audio
MAX_CUTS = 5  # connections in a row that break, each after some bytes, before it is left for another time
ACCEPT_AUDIO = "audio/*, video/*;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Download:
    """A whole file. sha256: of its content, in hexadecimal. media_type: in lower case. url: after redirects."""

    path: Path
    size: int
    sha256: str
    media_type: str
    url: str


class _CutOffError(Exception):
    """A connection that broke, after its headers had come."""

    def __init__(self, error: HttpError) -> None:
        super().__init__(str(error))
        self.error = error


class _OutOfTimeError(Exception):
    """Why no more is waited for."""


def download(
    transport: Transport,
    headers: Mapping[str, str],
    url: str,
    path: Path,
    *,
    max_bytes: int,
    deadline: float,
    login: Login | None = None,
    progress: Callable[[int, int | None], object] | None = None,
    stall: float = STALL_SECONDS,
) -> Download:
    """Keeps what ``url`` has at ``path``, which is there only when it is whole.

    The part of an earlier call, or of a connection that broke, is continued where the server has the same file still.
    max_bytes: of the file. deadline: seconds for all of it. stall: seconds in which STALL_BYTES have to come. progress:
    is told the bytes so far and, if known, of the whole; often. Raises HttpError, and StorageError when it cannot be
    written.
    """
    url, login = split_own_login(url, login)
    prepare("GET", url, headers)  # no address: no file
    ends = monotonic() + deadline
    with PartFile(path, url) as part:
        transfer = _Transfer(transport, headers, login, part, max_bytes, ends, stall, progress)
        cuts = 0
        while not part.is_whole:
            before = part.size
            try:
                transfer.run(url)
                break
            except _CutOffError as e:
                cuts += 1
                if cuts == MAX_CUTS or not part.can_resume or part.size <= before:
                    raise e.error from None
            except _OutOfTimeError as e:
                raise HttpError(str(e), where=url, retryable=True) from None
        if not part.size:
            part.discard()
            raise HttpError("the file is empty", where=url, retryable=True)
        origin, size = part.origin, part.size
        return Download(path, size, part.finish(), origin.media_type, origin.at)


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One or more requests for a file, or the rest of it, into its part."""

    transport: Transport
    headers: Mapping[str, str]
    login: Login | None
    part: PartFile
    max_bytes: int
    ends: float
    stall: float
    progress: Callable[[int, int | None], object] | None

    def run(self, url: str) -> None:
        at, hops, cookies, asks_rest = url, 0, Cookies(), self.part.can_resume
        while hops <= MAX_REDIRECTS:
            headers = {**self.headers, "Accept": ACCEPT_AUDIO, "Accept-Encoding": "identity"}
            if asks_rest:
                headers |= {"Range": f"bytes={self.part.size}-", "If-Range": self.part.origin.validator}
            request = prepare("GET", at, add_login(headers, self.login, at))
            cookies.add_to(request)
            left = self.ends - monotonic()
            if left <= 0:
                raise self._out_of_time()
            seconds = min(HEADERS_SECONDS, left)
            try:
                with (
                    network_failures(at, seconds),
                    self.transport.open(request, seconds, body=(left, self.stall)) as response,
                ):
                    answer = lowered(response)
                    if response.status in REDIRECTS:
                        cookies.take_from(response, request)
                    if response.status not in WITH_BODY:
                        drain(response)
                    elif not asks_rest or response.status != 206:
                        self._begin(url, at, response.status, answer)
                        self._read(url, response, answer)
                        return
                    elif self._continues(answer):
                        self._read(url, response, answer)
                        return
                    else:
                        asks_rest = False  # another file than the part is of
                        continue
            except HttpError as e:
                raise sent_on(e, url, at) from None
            if response.status in REDIRECTS and answer.get("location"):
                at = next_address(at, answer["location"])
                hops += 1
            elif asks_rest and response.status >= 400 and response.status not in SAME_WITHOUT_CONDITIONS:
                asks_rest = False  # 416, or a server that fails at the conditions
            else:
                raise status_error(url, response.status, answer)
        raise HttpError(f"more than {MAX_REDIRECTS} redirects", where=url, retryable=True)

    def _begin(self, url: str, at: str, status: int, answer: Mapping[str, str]) -> None:
        """The part anew, for a response from the first byte on."""
        if status == 206 and is_part(answer):
            raise HttpError("the server sent only a part", where=url, retryable=True, status=status)
        is_identity = is_plain(answer)
        length = answer.get("content-length", "")
        total = int(length) if is_identity and length.isascii() and length.isdecimal() else None
        if not length and any(name.startswith("icy-") for name in answer):
            raise HttpError("is a live stream, which has no end", where=url, retryable=False)
        if total is not None and total > self.max_bytes:
            self._refuse_size(url)
        media_type = answer.get("content-type", "").partition(";")[0].strip().lower()
        self.part.restart(PartOrigin(url, at, strong_validator(answer) if is_identity else "", total, media_type))

    def _continues(self, answer: Mapping[str, str]) -> bool:
        """Whether a 206 is the rest of what the part is the beginning of."""
        found, origin = parse_content_range(answer), self.part.origin
        if found is None or found[0] != self.part.size:
            return False
        return is_same_file(answer, origin.validator, found[2], origin.total)

    def _read(self, url: str, response: HTTPResponse, answer: Mapping[str, str]) -> None:
        """The body into the part; what is not audio is refused at its first bytes."""
        part, head = self.part, b""
        is_begun = part.size > 0
        for data in self._pieces(response, answer, url):
            if not is_begun:
                head += data
                if len(head) < SNIFFED_BYTES:
                    continue
                data, is_begun = self._checked(url, head), True
            self._append(url, data)
        if not is_begun and head:
            self._append(url, self._checked(url, head))
        if part.origin.total is not None and part.size < part.origin.total:
            raise _CutOffError(HttpError("the server sent only a part", where=url, retryable=True))

    def _checked(self, url: str, head: bytes) -> bytes:
        if (reason := refuse_content(head, self.part.origin.media_type)) is not None:
            self.part.discard()
            # A page may stand there for an hour; what is locked or a playlist stays so.
            raise HttpError(reason, where=url, retryable="page" in reason or "XML" in reason)
        return head

    def _append(self, url: str, data: bytes) -> None:
        if self.part.size + len(data) > self.max_bytes:
            self._refuse_size(url)
        self.part.append(data)
        if self.progress is not None:
            self.progress(self.part.size, self.part.origin.total)

    def _refuse_size(self, url: str) -> None:
        self.part.discard()
        raise HttpError(f"is larger than {self.max_bytes:,} bytes", where=url, retryable=False)

    def _pieces(self, response: HTTPResponse, answer: Mapping[str, str], url: str) -> Iterator[bytes]:
        """The body as it comes, without a compression that the server puts on it unasked."""
        encoding = answer.get("content-encoding", "").strip().lower()
        decoder = None if encoding in ("", "identity") else BodyDecoder(encoding)
        try:
            with network_failures(url, self.stall):
                for data in self._received(response):
                    yield from (data,) if decoder is None else decoder.feed(data, self.max_bytes + 1)
                if response.length:
                    raise EOFError(f"the answer ended {response.length} bytes early")
                if decoder is not None:
                    yield from decoder.finish(self.max_bytes + 1)
        except HttpError as e:
            raise _CutOffError(e) from None

    def _received(self, response: HTTPResponse) -> Iterator[bytes]:
        """The bytes as they come, as long as enough of them do."""
        since, came = monotonic(), 0
        while True:
            try:
                data = response.read1(READ_BYTES)
            except TimeoutError:
                raise self._out_of_time() from None
            if not data:
                return
            came += len(data)
            now = monotonic()
            if now >= self.ends or (now - since >= self.stall and came < STALL_BYTES):
                raise self._out_of_time()
            if now - since >= self.stall:
                since, came = now, 0
            yield data

    def _out_of_time(self) -> _OutOfTimeError:
        if monotonic() >= self.ends:
            return _OutOfTimeError("is not whole when the time for it is over: perhaps a live stream, which has no end")
        return _OutOfTimeError(f"the server sends too slowly: less than {STALL_BYTES:,} bytes in {self.stall:g} s")
