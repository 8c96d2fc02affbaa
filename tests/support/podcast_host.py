"""A podcast host for tests: a real HTTP server on loopback, the pages of which a test sets.

host.serve("/feed.xml", rss(item("one", transcript=host.url("/one.vtt"))))
host.fail("/one.vtt", 503, times=2)
host.statuses["/feed.xml"]        # of its responses, in order
host.to_conditions["/feed.xml"] = (412, {})   # the answer to whatever is asked with conditions
host.logins["/feed.xml"] = "user:password"    # 401 without it
host.authorizations["/feed.xml"]  # the logins that came with its requests, None without one
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from tests.support.loopback_server import LoopbackServer, QuietHandler


@dataclass
class Page:
    body: bytes
    media_type: str
    headers: dict[str, str]


class Podcast(LoopbackServer):
    """statuses: by path, of the responses so far. connections: how many it has accepted."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.faults: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        self.statuses: dict[str, list[int]] = defaultdict(list)
        self.to_conditions: dict[str, tuple[int, dict[str, str]]] = {}
        self.logins: dict[str, str] = {}
        self.authorizations: dict[str, list[str | None]] = defaultdict(list)
        self.connections = 0
        super().__init__()

    def url(self, path: str) -> str:
        return self.address + path

    def serve(self, path: str, body: str | bytes, media_type: str = "application/rss+xml", **headers: str) -> str:
        """Sets what a path answers, with an ETag; returns its address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(data, media_type, headers)
        return self.url(path)

    def fail(self, path: str, status: int, times: int = 1, **headers: str) -> str:
        """The next ``times`` responses have this status; in names of headers _ stands for -. Returns the address."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        self.faults[path] += [(status, named)] * times
        return self.url(path)

    def handler(self) -> type[QuietHandler]:
        host = self

        class Handler(QuietHandler):
            def setup(self) -> None:
                host.connections += 1
                super().setup()

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                sent = self.headers.get("Authorization", "").removeprefix("Basic ")
                login = base64.b64decode(sent).decode() if sent else None
                host.authorizations[path].append(login)
                if path in host.logins and login != host.logins[path]:
                    self.respond(401, {"WWW-Authenticate": 'Basic realm="members"'}, b"")
                    return
                if host.faults[path]:
                    self.respond(*host.faults[path].pop(0), b"")
                    return
                page = host.pages.get(path)
                if page is None:
                    self.respond(404, {}, b"not here")
                    return
                asked = any(name in self.headers for name in ("If-None-Match", "If-Modified-Since"))
                if asked and path in host.to_conditions:
                    self.respond(*host.to_conditions[path], b"")
                    return
                etag = f'"{hashlib.sha1(page.body).hexdigest()}"'
                if self.headers.get("If-None-Match") == etag:
                    self.respond(304, {"ETag": etag}, b"")
                    return
                self.respond(200, {"ETag": etag, "Content-Type": page.media_type} | page.headers, page.body)

            def respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
                host.statuses[self.path.partition("?")[0]].append(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def item(
    guid: str,
    *,
    title: str = "",
    transcript: str | None = None,
    media_type: str = "text/vtt",
    published: str = "",
    audio: str = "",
) -> str:
    """An item of a feed; transcript, audio: their addresses."""
    tag = f"<podcast:transcript url={quoteattr(transcript)} type={quoteattr(media_type)}/>" if transcript else ""
    date = published or "Tue, 03 Nov 2026 05:00:00 +0000"
    return (
        f"<item><guid isPermaLink='false'>{escape(guid)}</guid><title>{escape(title or guid)}</title>"
        f"<pubDate>{date}</pubDate><enclosure url={quoteattr(audio or f'https://audio.example/{guid}.mp3')} type='audio/mpeg' length='1'/>"
        f"<link>https://show.example/{escape(guid)}</link>{tag}</item>"
    )


def rss(*items: str, title: str = "The Show") -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:podcast='https://podcastindex.org/namespace/1.0'>"
        f"<channel><title>{escape(title)}</title><language>en</language>{''.join(items)}</channel></rss>"
    )


def vtt(*cues: str, step: int = 5) -> str:
    """Cues of ``step`` seconds each."""
    lines = ["WEBVTT", ""]
    for i, cue in enumerate(cues):
        lines += [f"{_time(i * step)} --> {_time(i * step + step)}", cue, ""]
    return "\n".join(lines)


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}.000"
