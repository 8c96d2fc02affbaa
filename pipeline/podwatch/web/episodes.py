"""One episode: its words with who says them and when, each mention marked, and its audio to listen to at the second."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.errors import PodwatchError, TranscriptError
from podwatch.model import Chapter, Entity, Episode, Feed, Kind, Watch, fold_spelling
from podwatch.query.plain_spellings import is_plain_spelling
from podwatch.redaction import has_secret
from podwatch.store.page_figures import MarkedMention
from podwatch.store.watch_edits import WatchConflict
from podwatch.transcripts.labels.boilerplate import from_bytes
from podwatch.transcripts.labels.passages import Passage
from podwatch.web.access import VisitorDep
from podwatch.web.alert_filter import parse_id
from podwatch.web.chapters import chapters_of
from podwatch.web.coverage import describe_listed
from podwatch.web.doubts import list_doubts
from podwatch.web.editor import render_editor, save
from podwatch.web.page import FormDep, Page, PageDep, cached_view, go_to
from podwatch.web.rendering import web_address
from podwatch.web.revision_diff import diff_revisions
from podwatch.web.transcript_layout import Turn, lay_out
from podwatch.web.watch_file import propose_change
from podwatch.web.watch_form import values_of

router = APIRouter(include_in_schema=False)
MOST_ENTITIES = 24
MOST_OFFERS = 12
MOST_PLACES = 40  # in doubt


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
    turns = lay_out(transcript, mentions, passages) if transcript else []
    doubts = list_doubts(store, transcript, mentions) if transcript else []
    return page.render(
        request,
        "episode.html",
        episode=listed.episode,
        feed=feed,
        player=choose_audio(listed.episode, feed, allows_loopback(page)),
        transcript=transcript,
        facts=store.transcript_facts(number),
        turns=turns,
        mentions=mentions,
        counts=count_by_watch(mentions),
        entities=most_named(entities),
        passages=passages,
        state=describe_listed(listed, None),
        alerts=store.alerts_of_episode(number),
        chapters=place_chapters(chapters_of(listed.episode), turns),
        offers=alias_offers(mentions, store.watches()),
        doubts=doubts[:MOST_PLACES],
        doubts_left=max(0, len(doubts) - MOST_PLACES),
        has_earlier=transcript is not None and transcript.revision > 1,
        said=request.query_params.get("said", "")[:300],
    )


@router.get("/episodes/{id}/revisions", response_class=HTMLResponse)
def show_revisions(id: str, request: Request, page: PageDep) -> Response:
    """What is otherwise in the present revision of the transcript than in the one before."""
    number = parse_id(id, "episode")
    store = page.store
    source, facts = store.source_of_episode(number), store.transcript_facts(number)
    if source is None or facts is None:
        raise HTTPException(404, "this episode has no transcript")
    t = source.transcript
    earlier = store.earlier_revision(t.id)
    now = [t.segment(i).text for i in range(len(t))]
    return page.render(
        request,
        "revisions.html",
        episode=source.episode,
        transcript=t,
        facts=facts,
        earlier=earlier,
        diff=diff_revisions(earlier.segments, now) if earlier is not None else None,
    )


@router.post("/episodes/{id}/alias", response_class=HTMLResponse)
def add_alias(id: str, request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    """Somebody says of a spelling that sounds like a watched name that it is that name: from now on it is an alias."""
    number, name = parse_id(id, "episode"), str(form.get("watch", ""))
    spelling = " ".join(str(form.get("spelling", "")).split())[:200]
    stored = page.store.find_watch(name)
    if stored is None or not stored.enabled or stored.watch.entity is None:
        raise HTTPException(404, "there is no such watch of a name")
    watch = stored.watch
    if spelling not in {o.spelling for o in alias_offers(page.store.marked_mentions(number), [watch])}:
        what = "is no spelling that sounds like the name in this episode, or is an alias already"
        raise PodwatchError(what, where=spelling or "the spelling", todo="look at the episode again")
    wanted = replace(watch, aliases=(*watch.aliases, spelling))
    if (file := page.rt.settings.watchlist) is not None:
        change = propose_change(file, watch.name, wanted)
        return render_editor(request, page, values_of(wanted), watch, fresh=True, change=change)
    try:
        save(page, visitor, wanted, watch)
    except WatchConflict:
        what = "was changed by somebody else in the meantime; nothing was done"
        raise PodwatchError(what, where=f"watch {name}", todo="try it again") from None
    return go_to(request, f"/episodes/{number}", said=f"{spelling} is an alias of {watch.entity} from now on.")


@dataclass(frozen=True, slots=True)
class AliasOffer:
    """A spelling that was found by its sound alone, and could be an alias. first: the mention where it is first."""

    watch: str
    entity: str
    spelling: str
    first: int


def place_chapters(chapters: Sequence[Chapter], turns: Sequence[Turn]) -> list[tuple[Chapter, int | None]]:
    """Each with the segment that is said when it begins; None where the transcript has no times."""
    timed = [s for turn in turns for s in turn.segments if s.start is not None]
    starts = [s.start or 0.0 for s in timed]
    return [(c, timed[max(0, bisect_right(starts, c.start + 0.5) - 1)].index if timed else None) for c in chapters]


def alias_offers(mentions: Sequence[MarkedMention], watches: Sequence[Watch]) -> list[AliasOffer]:
    """For each watched name the spellings that are no alias yet, each once, in the order of the text.

    Not those of ordinary words (kill me, for Kilmeade): as an alias they would be told wherever they are said.
    """
    by_name = {w.name: w for w in watches if w.entity is not None}
    found: dict[tuple[str, str], AliasOffer] = {}
    for m in mentions:
        watch, spelling = by_name.get(m.mention.watch), " ".join(m.mention.surface.split())
        if watch is None or m.mention.kind is not Kind.SOUNDS_LIKE:
            continue
        known = {fold_spelling(s) for s in (watch.entity or "", *watch.aliases, *watch.exclude)}
        if fold_spelling(spelling) not in known and not is_plain_spelling(spelling, watch.entity or ""):
            offer = AliasOffer(watch.name, watch.entity or "", spelling, m.id)
            found.setdefault((watch.name, fold_spelling(spelling)), offer)
    return list(found.values())[:MOST_OFFERS]


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
