"""A proxy before the Slack emulator that fails on demand, in each of the ways that Slack fails.

    with FaultProxy(emulator.base_url) as proxy:
        proxy.fail_next(lost_answer(), rate_limited(30))     # for the next two calls of chat.postMessage
        SlackNotifier(token, proxy.base_url)...

It also keeps Slack's limits on blocks, and returns metadata and old messages only where they are asked for as Slack
wants it; the emulator does neither.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback_server import LoopbackServer, QuietHandler

POST = "chat.postMessage"


@dataclass(frozen=True)
class Fault:
    """What happens to one call. ``forward``: whether the emulator sees it, and so whether Slack "accepted" it."""

    forward: bool = False
    status: int = 200
    body: str | None = None  # instead of the emulator's own
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False  # close the connection instead of answering
    seconds: float = 0.0  # waited before the answer


def rate_limited(seconds: int | str = 1) -> Fault:
    body = '{"ok":false,"error":"ratelimited"}'
    return Fault(status=429, body=body, headers={"Retry-After": str(seconds), "Content-Type": "application/json"})


def server_error(status: int = 500, *, accepted: bool = False) -> Fault:
    return Fault(forward=accepted, status=status, body="upstream connect error")


def web_page(status: int = 200, *, accepted: bool = False) -> Fault:
    """The answer of a captive portal or a load balancer."""
    return Fault(
        forward=accepted, status=status, body="<!DOCTYPE html><p>Please sign in", headers={"Content-Type": "text/html"}
    )


def refused(code: str, **facts: str) -> Fault:
    """Slack's own refusal: HTTP 200 and ``{"ok": false, "error": code}``."""
    body = json.dumps({"ok": False, "error": code, **facts})
    return Fault(body=body, headers={"Content-Type": "application/json"})


def hang_up() -> Fault:
    """The connection closes and the message never arrived."""
    return Fault(hang_up=True)


def lost_answer() -> Fault:
    """The message arrived, and the connection closes without a word."""
    return Fault(forward=True, hang_up=True)


def slow(seconds: float, *, accepted: bool = True) -> Fault:
    return Fault(forward=accepted, seconds=seconds)


class FaultProxy(LoopbackServer):
    """On a free loopback port before ``target`` (a base URL); forwards every call for which no fault is set."""

    def __init__(self, target: str) -> None:
        self.calls: list[str] = []  # the methods asked for, in order
        self.clock_ahead = 0.0  # seconds that the Date of its answers is ahead of this machine's clock
        self._target = urlsplit(target)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._released = threading.Event()
        super().__init__()
        self.base_url = f"{self.address}{self._target.path}"

    def fail_next(self, *faults: Fault, method: str = POST) -> None:
        """Sets what happens to the next calls of a method, one each."""
        with self._lock:
            self._faults[method].extend(faults)

    def clear_faults(self) -> None:
        """From now on every call is forwarded."""
        with self._lock:
            self._faults.clear()

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._released.set()
        super().__exit__(kind, e, tb)

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """(status, headers, body) for a call, or None to hang up."""
        with self._lock:
            self.calls.append(method)
            fault = self._faults[method].popleft() if self._faults[method] else Fault(forward=True)
        status, sent, content = fault.status, dict(fault.headers), (fault.body or "").encode()
        if fault.forward:
            forwarded = self._forward(method, headers, body)
            if fault.body is None and fault.status == 200:
                status, sent, content = forwarded
        if fault.seconds:
            self._released.wait(fault.seconds)
        return None if fault.hang_up else (status, sent, content)

    def _forward(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        arguments = _arguments(headers, body)
        if method == POST and (code := over_limit(arguments.get("blocks") or [])):
            return 200, {"Content-Type": "application/json"}, json.dumps({"ok": False, "error": code}).encode()
        link = http.client.HTTPConnection(str(self._target.hostname), self._target.port, timeout=30)
        try:
            link.request("POST", f"{self._target.path}{method}", body, dict(headers))
            answer = link.getresponse()
            content = answer.read()
        finally:
            link.close()
        if method == "conversations.history":
            content = _filter_history(content, arguments)
        return answer.status, {"Content-Type": answer.headers["Content-Type"]}, content

    def handler(self) -> type[QuietHandler]:
        proxy = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.0"  # a connection a call, which hanging up ends

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                passed = {k: v for k, v in self.headers.items() if k.lower() in ("authorization", "content-type")}
                said = proxy.answer(self.path.rpartition("/")[2], passed, body)
                if said is None:
                    return
                status, headers, content = said
                try:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:  # the client has given up waiting
                    pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + proxy.clock_ahead)

        return Handler


def over_limit(blocks: list[dict[str, Any]]) -> str:
    """Slack's code for blocks it would refuse, "" for blocks it takes (docs.slack.dev/reference/block-kit/blocks)."""
    if len(blocks) > 50 or len(json.dumps(blocks, ensure_ascii=False)) > 13_200:
        return "msg_blocks_too_long"
    return "invalid_blocks" if not all(_is_valid(block) for block in blocks) else ""


def _is_valid(block: dict[str, Any]) -> bool:
    match block.get("type"):
        case "header":
            return _has_text(block.get("text"), 150) and block["text"]["type"] == "plain_text"
        case "section":
            return _has_text(block.get("text"), 3000)
        case "context":
            return 0 < len(block["elements"]) <= 10 and all(_has_text(e, 3000) for e in block["elements"])
        case "actions":
            return 0 < len(block["elements"]) <= 25 and all(_is_button(e) for e in block["elements"])
        case "rich_text":
            parts = [e for part in block["elements"] for e in part["elements"] or [{}]]
            return bool(parts) and all(_has_text(e, 13_200) and _is_safe_link(e) for e in parts)
    return False


def _is_button(element: Any) -> bool:
    fits = len(element["action_id"]) <= 255 and len(element["value"]) <= 2000
    return element["type"] == "button" and _has_text(element["text"], 75) and fits


def _has_text(element: Any, room: int) -> bool:
    return isinstance(element, dict) and isinstance(element.get("text"), str) and 0 < len(element["text"]) <= room


def _is_safe_link(element: dict[str, Any]) -> bool:
    return element["type"] != "link" or (
        element["url"].startswith(("http://", "https://")) and len(element["url"]) <= 3000
    )


def _arguments(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    if "json" in next((v for k, v in headers.items() if k.lower() == "content-type"), ""):
        found: dict[str, Any] = json.loads(body or b"{}")
        return found
    return {k: v[0] for k, v in parse_qs(body.decode()).items()}


def _filter_history(content: bytes, arguments: Mapping[str, Any]) -> bytes:
    """A history page without the metadata nobody asked for, and without what is older than ``oldest``."""
    page = json.loads(content)
    page["messages"] = [m for m in page.get("messages", ()) if float(m["ts"]) > float(arguments.get("oldest") or 0)]
    if str(arguments.get("include_all_metadata")).lower() not in ("1", "true"):
        for message in page["messages"]:
            message.pop("metadata", None)
    return json.dumps(page).encode()
