"""A real HTTP server on loopback that has some files, answers to ranges, and cuts connections where a test says."""

from __future__ import annotations

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class FileServer:
    """files: by path. paths: that were asked for. sent: bytes of files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.paths, self.sent = dict(files), list[str](), 0
        self._cut = ("", 0, 0)  # (end of a path, bytes, how often)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def cut_next(self, name: str, *, after: int, times: int) -> None:
        """The next answers with a file of this name end after so many bytes of it; from where they begin."""
        self._cut = (name, after, times)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.paths.append(self.path)
                data = server.files.get(self.path)
                if data is None:
                    self.send_error(404)
                    return
                etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(asked[1]) if asked and self.headers.get("If-Range") in (None, etag) else 0
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("ETag", etag)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                name, after, times = server._cut
                part = data[start:]
                if times and self.path.endswith(name):
                    server._cut = (name, after, times - 1)
                    part, self.close_connection = part[: max(0, after - start)], True
                server.sent += len(part)
                self.wfile.write(part)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
