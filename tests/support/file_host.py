"""A host of large files on loopback, as those of podcasts are: with ranges and validators, and with connections that break.

host.serve("/a.mp3", body)                  # ranges, and an ETag made of the body
host.serve("/a.mp3", body, ranges=False)    # answers 200 whatever range is asked for
host.cut("/a.mp3", 1000, 50)                # the next answer breaks after 1,000 bytes of its body, the one after it after 50
host.mend()                                 # no further answer breaks
host.asked["/a.mp3"]                        # the Range and If-Range of each request so far
host.sent["/a.mp3"]                         # bytes of bodies sent so far
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.loopback_server import LoopbackServer, QuietHandler


@dataclass(frozen=True)
class ServedFile:
    body: bytes
    media_type: str = "audio/mpeg"
    ranges: bool = True
    etag: bool = True
    modified: str = ""
    to_ranges: int = 0  # the status that it answers to every request for a range
    heeds_if_range: bool = True
    most: int = 1 << 60  # bytes of an answer to a range
    headers: Mapping[str, str] = field(default_factory=dict)


class FileHost(LoopbackServer):
    def __init__(self) -> None:
        self.files: dict[str, ServedFile] = {}
        self.redirects: dict[str, str] = {}
        self.asked: dict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
        self.headers: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.sent: dict[str, int] = defaultdict(int)
        self._cuts: dict[str, list[int]] = defaultdict(list)
        super().__init__()

    def url(self, path: str) -> str:
        return self.address + path

    def serve(self, path: str, body: bytes, **how: object) -> str:
        self.files[path] = ServedFile(body, **how)  # type: ignore[arg-type]
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        self.redirects[path] = to
        return self.url(path)

    def cut(self, path: str, *after: int) -> str:
        self._cuts[path] += after
        return self.url(path)

    def mend(self) -> None:
        """No further answer breaks."""
        self._cuts.clear()

    def handler(self) -> type[QuietHandler]:
        host = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                path = self.path
                host.asked[path].append((self.headers.get("Range"), self.headers.get("If-Range")))
                host.headers[path].append({k.lower(): v for k, v in self.headers.items()})
                if path in host.redirects:
                    self.answer(302, {"Location": host.redirects[path], "Set-Cookie": "seen=1; Path=/"}, b"")
                elif path not in host.files:
                    self.answer(404, {}, b"not here")
                else:
                    self.serve(path, host.files[path])

            def serve(self, path: str, file: ServedFile) -> None:
                etag = f'"{hashlib.sha1(file.body).hexdigest()}"' if file.etag else ""
                headers = {"Content-Type": file.media_type, **file.headers}
                headers |= {"ETag": etag} if etag else {}
                headers |= {"Last-Modified": file.modified} if file.modified else {}
                wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if wanted and file.to_ranges:
                    self.answer(file.to_ranges, {}, b"")
                    return
                is_same = not file.heeds_if_range or self.headers.get("If-Range") in (None, etag or file.modified)
                if not (wanted and file.ranges and is_same):
                    self.answer(200, headers, file.body, path)
                    return
                first, size = int(wanted[1]), len(file.body)
                if first >= size:
                    self.answer(416, {"Content-Range": f"bytes */{size}"}, b"")
                    return
                last = min(int(wanted[2] or size - 1), first + file.most - 1)
                body = file.body[first : last + 1]
                headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{size}"
                self.answer(206, headers, body, path)

            def answer(self, status: int, headers: Mapping[str, str], body: bytes, path: str = "") -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if path and host._cuts[path]:
                    body = body[: host._cuts[path].pop(0)]
                    self.close_connection = True
                host.sent[path] += len(body)
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # the client has read enough

        return Handler
