"""Serves the sample podcast of seeds/ like a podcast host, but on this machine alone: a first run needs no network.

Answers conditional requests (ETag, Last-Modified, 304), because a poll sends those every time but the first, and
requests for a part of a file (Range, 206), with which a player jumps to the second of an alert.
The addresses inside the served text follow the port, so that the sample works on any.
"""

from __future__ import annotations

import hashlib
import re
import threading
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit

HOST, PORT = "127.0.0.1", 8765
TYPES = {
    ".xml": "application/rss+xml; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".opus": "audio/ogg",
}
RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")
WRITTEN_ADDRESS = re.compile(rf"http://127\.0\.0\.1:{PORT}(?=/sample/)")


def replace_port(text: str, port: int, host: str = HOST) -> str:
    """The text with the sample's addresses at another port, or host."""
    return WRITTEN_ADDRESS.sub(f"http://{host}:{port}", text)


class SampleServer:
    """``with SampleServer(folder, port)``: folder/sample is at http://127.0.0.1:PORT/sample/ until the block ends.

    Raises OSError when the port is taken. port 0 takes a free one; ``port`` says which. listen: the address at which it
    listens, where that is another than the name by which others know it.
    """

    def __init__(self, folder: Path, port: int = PORT, *, listen: str = HOST, name: str = HOST) -> None:
        class Handler(_Handler):
            root = folder.resolve()
            host = name

        self._server = ThreadingHTTPServer((listen, port), Handler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    root: ClassVar[Path]
    host: ClassVar[str]
    server_version = "podwatch-sample"
    protocol_version = "HTTP/1.1"  # connections are kept, as a podcast host keeps them
    wbufsize = -1  # head and body in one packet
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = (self.root / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        sample = self.root / "sample"
        if sample not in path.parents or path.suffix not in TYPES or not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND, "not a file of the sample")
            return
        assert isinstance(self.server, ThreadingHTTPServer)
        body = path.read_bytes()
        if "charset" in TYPES[path.suffix]:
            body = replace_port(body.decode(), self.server.server_port, self.host).encode()
        changed = int(path.stat().st_mtime)
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = {
            "ETag": etag,
            "Last-Modified": formatdate(changed, usegmt=True),
            "Cache-Control": "no-cache",
            "Accept-Ranges": "bytes",
        }
        status, part = HTTPStatus.NOT_MODIFIED, b""
        if not self._is_fresh(etag, changed):
            status, part = HTTPStatus.OK, body
            if (wanted := self._find_range(etag, headers["Last-Modified"], len(body))) is not None:
                status = HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                part = body[wanted.start : wanted.stop]
                headers["Content-Range"] = f"bytes {f'{wanted.start}-{wanted.stop - 1}' if wanted else '*'}/{len(body)}"
            headers |= {"Content-Type": TYPES[path.suffix], "Content-Length": str(len(part))}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(part)

    def _find_range(self, etag: str, changed: str, size: int) -> range | None:
        """The bytes that are asked for, empty when there are none of them; None: all, as RFC 9110 (14.2) lets a server
        answer what it does not understand, several ranges among that, and whenever If-Range has another version."""
        found = RANGE.fullmatch(self.headers.get("Range", "").strip())
        if self.command != "GET" or found is None or self.headers.get("If-Range", etag) not in (etag, changed):
            return None
        first, last = (None if text is None else int(text) for text in found.groups())
        if first is None:
            return None if last is None else range(max(0, size - last), size)
        if last is not None and last < first:
            return None
        return range(first, size if last is None else min(last + 1, size))

    def _is_fresh(self, etag: str, changed: int) -> bool:
        """RFC 9110, 13.2.2: If-None-Match decides when it is there, and If-Modified-Since only without it."""
        if (tags := self.headers.get("If-None-Match")) is not None:
            return tags.strip() == "*" or etag in [t.strip().removeprefix("W/") for t in tags.split(",")]
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
            return changed <= since.timestamp()
        except (TypeError, ValueError):
            return False

    def log_message(self, format: str, *args: object) -> None:
        """Does nothing: the terminal is for the alerts."""


if __name__ == "__main__":  # python3 scripts/sample_server.py: serves seeds/ until Ctrl-C
    with SampleServer(Path(__file__).resolve().parent.parent / "seeds"):
        print(f"http://{HOST}:{PORT}/sample/feed.xml", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
