"""Builds the nouns for tests: sensible values for everything that a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from podwatch.model import Alert, Episode, Kind, Mention, Watch

SENTENCE = "That night I drove to the embassy and told Dobrynin that we had to have an answer by Sunday."


def watch(**changes: Any) -> Watch:
    """A watch for a person, unless a query is given."""
    facts: dict[str, Any] = {"name": "dobrynin", "channel": "#podcasts", "id": 1, "revision": 1}
    if "query" not in changes:
        facts |= {"entity": "Anatoly Dobrynin", "type": "person"}
    return Watch(**(facts | changes))


def episode(**changes: Any) -> Episode:
    facts: dict[str, Any] = {
        "guid": "thirteen-days-2",
        "id": 1,
        "feed_id": 1,
        "show": "History Hour",
        "title": "Thirteen days, part 2",
        "link": "https://history.example/episodes/2",
        "audio_url": "https://cdn.history.example/2.mp3",
        "published_at": datetime(2024, 10, 3, 6, 0, tzinfo=UTC),
    }
    return Episode(**(facts | changes))


def mention(surface: str = "Dobrynin", snippet: str = SENTENCE, **changes: Any) -> Mention:
    """A mention of the first ``surface`` in ``snippet``; the snippet stands at character 100 of the transcript."""
    at = max(0, snippet.find(surface))
    facts: dict[str, Any] = {
        "watch": "dobrynin",
        "kind": Kind.ENTITY,
        "score": 1.0,
        "surface": surface,
        "start": 100 + at,
        "end": 100 + at + len(surface),
        "seconds": 754.6,
        "segment": 3,
        "speaker": "Robert Kennedy",
        "snippet": snippet,
        "snippet_start": at,
    }
    return Mention(**(facts | changes))


def alert(*mentions: Mention, **changes: Any) -> Alert:
    """An alert with these mentions, or one; its channel is the watch's."""
    about = changes.get("watch") or watch()
    facts: dict[str, Any] = {
        "key": "0123456789abcdef",
        "watch": about,
        "episode": episode(),
        "channel": about.channel,
        "mentions": mentions or (mention(),),
    }
    return Alert(**(facts | changes))
