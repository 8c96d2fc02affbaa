"""The page for tests: the real application over a real store, entered by whom a test names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import HTTPException, Request
from fastapi.testclient import TestClient

from podwatch.line.detect import detect
from podwatch.model import Episode, Feed, Segment, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.web.access import Access, Visitor
from podwatch.web.application import create_app
from podwatch.web.backtests import BacktestJobs
from tests.support.stored_transcripts import save_poll, save_transcript

GRAIN = Watch(name="grain", query="grain", channel="#trade")
LEE = Watch(name="lee", entity="Ann Lee", type="person", aliases=("Dr Lee",), channel="#desk")


class Member:
    """Somebody who is logged in where the page is served."""

    def __init__(self, name: str = "ada", *, may_change: bool = True, ambient: bool = True) -> None:
        self._visitor = Visitor(name, name, may_change, ambient)

    async def identify(self, request: Request) -> Visitor | None:
        return self._visitor

    def login_address(self, request: Request) -> str | None:
        return None


class Stranger:
    """Somebody who is not logged in."""

    async def identify(self, request: Request) -> Visitor | None:
        return None

    def login_address(self, request: Request) -> str | None:
        return "/auth/login"


class Outsider:
    """Somebody who is logged in, and may not even read."""

    async def identify(self, request: Request) -> Visitor | None:
        raise HTTPException(403, "not yours")

    def login_address(self, request: Request) -> str | None:
        return None


READER, EDITOR = Member("rita", may_change=False), Member("ada")


@dataclass(frozen=True)
class Browser:
    """A client with a memory for cookies, as a browser is, at the page's first view."""

    client: TestClient
    base: str = ""

    def read(self, path: str, status: int = 200, **headers: str) -> str:
        response = self.client.get(self.base + path, headers=headers)
        assert response.status_code == status, f"{path}: {response.status_code} {response.text[:300]}"
        return response.text

    def json(self, path: str, status: int = 200) -> Any:
        response = self.client.get(self.base + path)
        assert response.status_code == status, response.text[:300]
        return response.json()

    def send(self, path: str, form: dict[str, str], *, files: Any = None, **headers: str) -> Any:
        """Sends a form as the page has it, with the token in it; returns the response."""
        token = self.token()
        return self.client.post(
            self.base + path, data=form | {"csrf": token}, files=files, headers=headers, follow_redirects=False
        )

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.read("/subscriptions"))
        assert found
        return found[1]


def browse(
    rt: Runtime, now: datetime, access: Access = EDITOR, *, root_path: str = "", loopback_audio: bool = True
) -> Browser:
    """A browser whose page says that it is ``now``."""
    app = create_app(lambda: rt, access, lambda: now, root_path=root_path, loopback_audio=loopback_audio)
    app.state.page.backtests = BacktestJobs(wait=60.0)  # so that an answer is whole however busy the machine is
    return Browser(TestClient(app, base_url="http://testserver", raise_server_exceptions=True), root_path)


def store_show(
    rt: Runtime,
    now: datetime,
    texts: Sequence[str | None],
    *,
    feed: Feed | None = None,
    change: Callable[[Episode], Episode] = lambda e: e,
    speakers: Sequence[str] = ("Ann", "Bob"),
) -> list[Episode]:
    """A show with an episode for each text, the first the newest; a / in a text ends a segment of ten seconds."""
    wanted = feed or Feed(url="https://show.example/feed", title="The Show", tags=("news",))
    rt.store.add_feeds([wanted], now)
    [stored] = [f for f in rt.store.feeds() if f.url == wanted.url]
    found = [change(_episode(i, now)) for i in range(len(texts))]
    save_poll(rt.store, replace(stored, title=wanted.title, last_polled_at=now, next_poll_at=now), now, *found)
    by_guid = {e.guid: e for e in rt.store.episodes_without_transcript() if e.feed_id == stored.id}
    episodes = [by_guid[e.guid] for e in found]
    for e, text in zip(episodes, texts, strict=True):
        if text is not None:
            parts = list(enumerate(text.split("/")))
            segments = [Segment(10.0 * i, 10.0 * i + 10, part, speakers[i % len(speakers)]) for i, part in parts]
            save_transcript(rt.store, e, join_segments(segments, source="https://show.example/1.vtt"), now)
    return episodes


def find_mentions(rt: Runtime, now: datetime, *watches: Watch) -> None:
    """Puts the watches to use and looks for them in all that is stored."""
    rt.store.sync_watches(watches or (GRAIN, LEE), now)
    detect(rt, now)


def _episode(i: int, now: datetime) -> Episode:
    return Episode(
        guid=f"g{i}",
        title=f"Episode {i}",
        link=f"https://show.example/{i}",
        audio_url=f"https://cdn.example/{i}.mp3",
        published_at=now - timedelta(days=i, hours=1),
    )
