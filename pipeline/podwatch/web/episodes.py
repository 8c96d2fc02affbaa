"""One episode: its words with who says them and when, each mention marked, and its audio to listen to at the second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.errors import TranscriptError
from podwatch.model import Entity, Episode, Feed
from podwatch.redaction import has_secret
from podwatch.store.page_figures import MarkedMention
from podwatch.transcripts.labels.boilerplate import from_bytes
from podwatch.transcripts.labels.passages import Passage
from podwatch.web.alert_filter import parse_id
from podwatch.web.coverage import describe_listed
from podwatch.web.page import Page, PageDep, cached_view
from podwatch.web.rendering import web_address
from podwatch.web.transcript_layout import lay_out

router = APIRouter(include_in_schema=False)
MOST_ENTITIES = 24


@dataclass(frozen=True, slots=True)
class Player:
    """Where the audio is, or why it does not play."""

    source: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True)
class WatchCount:
    """How often a watch is mentioned in the episode, and where first."""

    watch: str
    count: int
    first: int


@router.get("/episodes/{id}", response_class=HTMLResponse)
@cached_view
def show_episode(id: str, request: Request, page: PageDep) -> Response:
    number = parse_id(id, "episode")
    store = page.store
    listed = store.listed_episode(number)
    if listed is None:
        raise HTTPException(404, "there is no such episode: its feed was removed, or it never came in")
    feed = store.find_feed(listed.episode.feed_id)
    assert feed is not None
    source = store.source_of_episode(number)
    mentions = store.marked_mentions(number)
    transcript = source.transcript if source else None
    passages = _passages(source.labels) if source else ()
    entities = store.entities_of([transcript.id]).get(transcript.id, ()) if transcript else ()
    return page.render(
        request,
        "episode.html",
        episode=listed.episode,
        feed=feed,
        player=choose_audio(listed.episode, feed, allows_loopback(page)),
        transcript=transcript,
        facts=store.transcript_facts(number),
        turns=lay_out(transcript, mentions, passages) if transcript else [],
        mentions=mentions,
        counts=count_by_watch(mentions),
        entities=most_named(entities),
        passages=passages,
        state=describe_listed(listed, None),
        alerts=store.alerts_of_episode(number),
    )


def choose_audio(episode: Episode, feed: Feed, loopback: bool) -> Player:
    """The publisher's own audio, by https. What a login or a token lets one hear does not play: it would be given away.

    loopback: audio of this machine plays, too.
    """
    if feed.login is not None:
        return Player(silent="This feed needs a login, which the page gives to nobody: its audio does not play here.")
    if has_secret(feed.url):
        return Player(silent="The address of this feed holds a secret: its audio does not play here.")
    url = web_address(episode.audio_url)
    if not url:
        return Player(silent="The feed names no audio for this episode.")
    scheme, _, rest = url.partition("://")
    if scheme.lower() == "https":
        return Player(url)
    host = rest.partition("/")[0].partition(":")[0].lower()
    if loopback and host in ("127.0.0.1", "localhost"):
        return Player(url)
    return Player(f"https://{rest}")


def allows_loopback(page: Page) -> bool:
    """Whether this machine's own addresses may be reached, as in `make run`, whose sample is there."""
    return any(n.is_loopback for n in page.rt.settings.allow_addresses)


def count_by_watch(mentions: Sequence[MarkedMention]) -> list[WatchCount]:
    counts = Counter(m.mention.watch for m in mentions)
    first = {m.mention.watch: m.id for m in reversed(mentions)}
    return [WatchCount(name, n, first[name]) for name, n in sorted(counts.items(), key=lambda x: (-x[1], x[0]))]


def most_named(entities: Sequence[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda e: (-len(e.spans), e.name))[:MOST_ENTITIES]


def _passages(labels: bytes) -> Sequence[Passage]:
    try:
        return from_bytes(labels)[0]
    except TranscriptError:  # of a podwatch that is newer, or older than labels
        return ()
