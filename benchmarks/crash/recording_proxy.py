"""A proxy between the workers and the Slack emulator: fails as Slack fails, keeps Slack's limits, records every post.

What arrived is counted in the emulator itself, which knows nothing of podwatch.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson

from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import (
    POST,
    Fault,
    FaultProxy,
    _arguments,
    hang_up,
    lost_answer,
    rate_limited,
    refused,
    server_error,
    slow,
    web_page,
)

UPDATE = "chat.update"
MIN_SPACING = 1.0  # between two posts to a channel
TOKEN = re.compile(r"tok\d{6}(?:m\d+)?x")
# The connection breaks, and the message is applied afterwards.
APPLIED_LATE = Fault(hang_up=True, headers={"late": "1"})
# name -> (share of the posts, fault): four posts of ten go wrong
FAULTS: dict[str, tuple[float, Fault]] = {
    "429": (0.06, rate_limited(1)),
    "500": (0.05, server_error()),
    "500 after it was accepted": (0.05, server_error(accepted=True)),
    "HTML": (0.03, web_page()),
    "HTML after it was accepted": (0.04, web_page(accepted=True)),
    "cut before it was accepted": (0.05, hang_up()),
    "cut after it was accepted": (0.06, lost_answer()),
    "applied late": (0.03, APPLIED_LATE),
    "an answer after 60 s": (0.02, slow(60.0)),
}
READ_FAULTS = {"429": (0.03, rate_limited(1)), "500": (0.03, server_error()), "cut": (0.02, hang_up())}
FAULTS_BY_METHOD = {
    POST: FAULTS,
    UPDATE: {"500": (0.05, server_error())},
    "conversations.history": READ_FAULTS,
    "conversations.replies": READ_FAULTS,
}


class RecordingProxy(FaultProxy):
    """scale: factor for the seconds of faults and lag. lag: seconds before the history shows a message.

    too_fast: posts less than a second after the last to the same channel, as they arrive here. cut: while it is set,
    every second call is hung up on, and the others get no answer. revoked: whether the token is. deleted: duplicates
    that podwatch removed. answer_seconds: how long the emulator took for each post, without the faults.
    """

    def __init__(
        self, emulator: Emulator, scale: float, *, faulty: bool = True, lag: float = 20.0, seed: int = 1
    ) -> None:
        super().__init__(emulator.base_url)
        self._emulator, self._scale, self._lag, self._faulty = emulator, scale, lag * scale, faulty
        self._random = random.Random(seed)
        self._last: dict[str, float] = {}
        self._count = 0
        self.accepted: dict[str, list[float]] = defaultdict(list)  # channel -> when
        self.fault_counts: Counter[str] = Counter()
        self.too_fast = self.deleted = 0
        self.gaps: list[float] = []  # seconds before each post that came too fast
        self.answer_seconds: list[float] = []
        self.cut = threading.Event()
        self.revoked = False

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        arrived = time.monotonic()
        if self.cut.is_set():
            self.fault_counts["network cut"] += 1
            if self.fault_counts["network cut"] % 2:
                self._released.wait(60.0 * self._scale)
            return None
        if self.revoked:
            self.fault_counts["token revoked"] += 1
            refusal = refused("token_revoked")
            return refusal.status, dict(refusal.headers), (refusal.body or "").encode()
        self.deleted += method == "chat.delete"
        name, fault = self._pick(method)
        if name:
            self.fault_counts[name] += 1
        if method == POST and fault.status != 429:
            channel = str(_arguments(headers, body).get("channel"))
            with self._lock:
                last = self._last.get(channel, -9.0)
                if arrived - last < MIN_SPACING:
                    self.too_fast += 1
                    self.gaps.append(round(arrived - last, 3))
                    fault = rate_limited(1)
                else:
                    self._last[channel] = arrived
                    self.accepted[channel].append(arrived)
        if fault is APPLIED_LATE:
            threading.Timer(20.0 * self._scale, self._forward, (method, dict(headers), body)).start()
            return None
        status, sent, said = fault.status, dict(fault.headers), (fault.body or "").encode()
        if fault.forward:
            began = time.monotonic()
            answer = self._forward(method, headers, body)
            if method == POST:
                self.answer_seconds.append(time.monotonic() - began)
            if fault.body is None and fault.status == 200:
                status, sent, said = answer
        if fault.seconds:
            self._released.wait(fault.seconds * self._scale)
        return None if fault.hang_up else (status, sent, said)

    def _pick(self, method: str) -> tuple[str, Fault]:
        table = FAULTS_BY_METHOD.get(method, {})
        if self._faulty:
            at = self._random.random()
            for name, (share, fault) in table.items():
                at -= share
                if at < 0:
                    return name if method == POST else f"{name} ({method})", fault
        return "", Fault(forward=True)

    def _forward(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self._count += 1
            token = f"xoxb-ledger-{id(self)}-{self._count // 4000}"  # the emulator grants 5,000 requests to a token
        headers = {k: v for k, v in headers.items() if k.lower() != "authorization"} | {
            "Authorization": f"Bearer {token}"
        }
        status, sent, said = super()._forward(method, headers, body)
        if method.startswith("conversations.") and method.endswith(("history", "replies")):
            page = orjson.loads(said)
            newest = time.time() - self._lag
            page["messages"] = [m for m in page.get("messages", ()) if float(m["ts"]) < newest]
            said = orjson.dumps(page)
        return status, sent, said


def count_tokens(emulator: Emulator, channels: Sequence[str]) -> tuple[Counter[str], dict[str, str]]:
    """(token -> messages of the channels and their threads that have it, token -> the text of one of them)."""
    found: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for name in channels:
        channel = emulator.channel_id(name) if name.startswith("#") else name
        roots = emulator.messages(channel)
        threads = [m for m in roots if m.get("reply_count")]
        said = [m for m in roots if m.get("thread_ts", m["ts"]) == m["ts"]]
        for root in threads:
            said += _replies(emulator, channel, root["ts"])
        for message in said:
            for token in set(TOKEN.findall(message["text"])):
                found[token] += 1
                texts[token] = message["text"]
    return found, texts


def _replies(emulator: Emulator, channel: str, ts: str) -> list[dict[str, Any]]:
    page = emulator.call("conversations.replies", channel=channel, ts=ts, limit=1000)
    return [m for m in page["messages"] if m["ts"] != ts]


def measure_spacing(accepted: Mapping[str, Sequence[float]]) -> tuple[float, int]:
    """(the shortest time in seconds between two posts to one channel, the most posts to one within ten seconds)."""
    shortest, most = 1e9, 0
    for times in accepted.values():
        ordered = sorted(times)
        shortest = min([shortest, *(b - a for a, b in pairwise(ordered))])
        for i, t in enumerate(ordered):
            j = i
            while j < len(ordered) and ordered[j] < t + 10.0:
                j += 1
            most = max(most, j - i)
    return shortest, most
