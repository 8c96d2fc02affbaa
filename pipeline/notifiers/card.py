"""Says what an alert looks like: the one place that turns it into Slack's Block Kit, and into a line of plain text.

Why ``rich_text`` blocks and no mrkdwn: mrkdwn is a language, and a snippet is what a stranger said. In mrkdwn a
star in the snippet ends the bold of the hit, and ``*Putin*s`` is not bold at all (Slack wants blanks around the
stars). A rich_text element has its text and its style apart, parses nothing, and needs no escaping
(docs.slack.dev/reference/block-kit/blocks/rich-text-block). Only ``text``, which Slack shows in notifications and
podwatch sends alone when the blocks are refused, is mrkdwn: escaped, with no stars in it but those around the hit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.model import Alert, Episode, Kind, Mention
from pipeline.notifiers import plain

Block = dict[str, Any]
Element = dict[str, Any]

SHOWN = 3  # mentions on one card
HEADER_ROOM = 150  # Slack's limit for a header
MESSAGE_ROOM = 10_000  # bytes of JSON. Slack publishes no limit over all blocks; 13,200 were refused
_NAME_ROOM, _REASON_ROOM, _TEXT_SNIPPET_ROOM = 80, 160, 300
_SNIPPET_ROOMS = (600, 300, 120, 40)  # the first that keeps the message within its room


def blocks(alert: Alert) -> list[Block]:
    """The alert as Block Kit: a header, the episode, the best mentions with the hit in bold.

    Every limit of Slack is kept whatever the alert holds: 150 characters in the header, 10,000 bytes in all.
    """
    for room in _SNIPPET_ROOMS:
        built = _blocks(alert, room)
        if len(json.dumps(built, ensure_ascii=False).encode()) < MESSAGE_ROOM:
            break
    return built


def text(alert: Alert) -> str:
    """The alert as escaped lines of text: for notifications, screen readers, and when blocks are refused."""
    about = [part for part in (_say(alert.episode.show), _date(alert.episode)) if part]
    lines = [_headline(alert) + (f" ({', '.join(about)})" if about else "")]
    for mention in best(alert.mentions):
        before, hit, after = _cut(mention, _TEXT_SNIPPET_ROOM)
        said = " ".join(part for part in (_moment(mention), _say(mention.speaker or "")) if part)
        sentence = f"{plain.flatten(before)}*{plain.flatten(hit)}*{plain.flatten(after)}"
        lines.append(f"{said}: {sentence}" if said else sentence)
    if more := _more(alert):
        lines.append(more)
    shown = [plain.escape(plain.defuse(line)) for line in lines]
    first = next(iter(best(alert.mentions)), None)
    if link := _link(alert.episode, first.seconds if first else math.nan):
        shown.append(f"<{plain.escape(link)}>")
    return "\n".join(shown)


def best(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions a card shows: the surest, and among equals the earliest."""
    return sorted(mentions, key=lambda m: (-m.score if math.isfinite(m.score) else math.inf, m.start))[:SHOWN]


def _blocks(alert: Alert, room: int) -> list[Block]:
    built: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": _headline(alert, HEADER_ROOM), "emoji": False}}
    ]
    built += _rich(("rich_text_section", _facts(alert.episode)))
    for mention in best(alert.mentions):
        said = _said(alert, mention)
        quoted = [_text(part, bold=i == 1) for i, part in enumerate(_cut(mention, room)) if part]
        built += _rich(("rich_text_section", said), ("rich_text_quote", quoted))
    if more := _more(alert):
        built.append({"type": "context", "elements": [{"type": "plain_text", "text": more, "emoji": False}]})
    return built


def _rich(*parts: tuple[str, list[Element]]) -> list[Block]:
    """One rich_text block of the parts that hold something, or none: Slack refuses empty elements."""
    filled = [{"type": kind, "elements": elements} for kind, elements in parts if elements]
    return [{"type": "rich_text", "elements": filled}] if filled else []


def _headline(alert: Alert, room: int = 2 * HEADER_ROOM) -> str:
    name = plain.head(plain.clean(alert.watch.name).strip(), _NAME_ROOM) or "podwatch"
    title = plain.clean(alert.episode.title).strip()
    line = f"{name} in “{title}”" if title else name
    # twice, for what defusing adds
    return plain.head(plain.defuse(plain.head(line, room)), room)


def _facts(episode: Episode) -> list[Element]:
    """The show, the date, and where to read on."""
    facts = []
    if show := _say(episode.show):
        facts.append(_text(show))
    if date := _date(episode):
        facts.append(_text(date))
    if link := plain.address(episode.link):
        facts.append(_link_to(link, "episode"))
    return list(_parted(facts))


def _said(alert: Alert, mention: Mention) -> list[Element]:
    """When it was said (a link that opens the episode there), by whom, and how sure podwatch is."""
    said: list[Element] = []
    moment = _moment(mention)
    if link := _link(alert.episode, mention.seconds):
        said.append(_link_to(link, moment or "listen"))
    elif moment:
        said.append(_text(moment))
    if speaker := _say(mention.speaker or ""):
        said.append(_text(speaker))
    if mention.kind is Kind.SOUNDS_LIKE:
        sure = f"sounds like, {mention.score:.2f}"
        reason = plain.defuse(plain.head(plain.clean(mention.reason).strip(), _REASON_ROOM))
        said.append(_text(f"{sure}: {reason}" if reason else sure))
    return list(_parted(said))


def _moment(mention: Mention) -> str:
    """When it is said; "about" where the transcript has the times of whole passages only."""
    moment = plain.clock(mention.seconds)
    return f"about {moment}" if moment and mention.approximate else moment


def _cut(mention: Mention, room: int) -> tuple[str, str, str]:
    """The snippet before the hit, the hit, and after it; shortened around the hit to ``room``."""
    snippet, surface, at = mention.snippet, mention.surface, mention.snippet_start
    if not surface or not snippet.startswith(surface, at) or at < 0:
        at = snippet.find(surface) if surface else 0
    if at < 0:  # a snippet that does not hold the hit: then the hit alone is what is sure
        snippet, at = surface, 0
    # No more is looked at than could be shown: a source without sentences makes snippets of 100,000 characters.
    left, right = snippet[:at][-4 * room :], snippet[at + len(surface) :][: 4 * room]
    hit = plain.head(plain.clean(surface[: 4 * room]), room // 2)
    before, after = plain.clean(left).lstrip(), plain.clean(right).rstrip()
    rest = room - plain.weight(hit)
    before = plain.tail(before, max(rest // 2, rest - plain.weight(after)))
    after = plain.head(after, rest - plain.weight(before))
    return plain.defuse(before), plain.defuse(hit), plain.defuse(after)


def _link(episode: Episode, seconds: float) -> str | None:
    """The episode at that second: its audio, else its page. A page that has a fragment of its own keeps it."""
    if audio := plain.address(episode.audio_url):
        return plain.at_second(audio, seconds)
    page = plain.address(episode.link)
    return plain.at_second(page, seconds) if page and "#" not in page else page


def _say(name: str) -> str:
    """A name from outside, fit to be shown."""
    return plain.defuse(plain.head(plain.clean(name).strip(), _NAME_ROOM))


def _date(episode: Episode) -> str:
    return episode.published_at.date().isoformat() if episode.published_at else ""


def _more(alert: Alert) -> str:
    left = len(alert.mentions) - SHOWN
    return f"and {left} more in this episode" if left > 0 else ""


def _parted(elements: Iterable[Element]) -> Iterable[Element]:
    for i, element in enumerate(elements):
        if i:
            yield _text(" · ")
        yield element


def _text(words: str, *, bold: bool = False) -> Element:
    return {"type": "text", "text": words, "style": {"bold": True}} if bold else {"type": "text", "text": words}


def _link_to(url: str, label: str) -> Element:
    return {"type": "link", "url": url, "text": label}
