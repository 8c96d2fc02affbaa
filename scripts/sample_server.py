"""Serves the sample podcast of seeds/ like a podcast host, but on this machine alone: a first run needs no network.

Answers conditional requests (ETag, Last-Modified, 304), because a poll sends those every time but the first.
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
}
WRITTEN_ADDRESS = re.compile(rf"http://127\.0\.0\.1:{PORT}(?=/sample/)")


def replace_port(text: str, port: int) -> str:
    """The text with the sample's addresses at another port."""
    return WRITTEN_ADDRESS.sub(f"http://{HOST}:{port}", text)


class SampleServer:
    """``with SampleServer(folder, port)``: folder/sample is at http://127.0.0.1:PORT/sample/ until the block ends.

    Raises OSError when the port is taken. port 0 takes a free one; ``port`` says which.
    """

    def __init__(self, folder: Path, port: int = PORT) -> None:
        class Handler(_Handler):
            root = folder.resolve()

        self._server = ThreadingHTTPServer((HOST, port), Handler)
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
        port = self.server.server_port
        body = replace_port(path.read_text(encoding="utf-8"), port).encode()
        changed = int(path.stat().st_mtime)
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        fresh = self._is_fresh(etag, changed)
        self.send_response(HTTPStatus.NOT_MODIFIED if fresh else HTTPStatus.OK)
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", formatdate(changed, usegmt=True))
        self.send_header("Cache-Control", "no-cache")
        if not fresh:
            self.send_header("Content-Type", TYPES[path.suffix])
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and not fresh:
            self.wfile.write(body)

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
