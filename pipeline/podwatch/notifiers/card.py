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
from dataclasses import dataclass
from typing import Any

from podwatch.model import Alert, Episode, Kind, Mention
from podwatch.notifiers import escaping as plain
from podwatch.notifiers.mention_ranking import MENTIONS_PER_CARD, best_mentions

Block = dict[str, Any]
Element = dict[str, Any]

MAX_HEADER = 150  # Slack's limit for a header
MAX_MESSAGE_BYTES = 10_000  # bytes of JSON. Slack publishes no limit over all blocks; 13,200 were refused
MAX_BLOCKS = 45  # in one message; Slack's limit is 50
MAX_REPLIES = 5  # messages that continue an alert or a digest in its thread; what is left after them is counted
_NAME_ROOM, _REASON_ROOM, _TEXT_SNIPPET_ROOM, _THREAD_SNIPPET_ROOM = 80, 160, 300, 200
_SNIPPET_ROOMS = (600, 300, 120, 40)  # the first that keeps the message within its room


@dataclass(frozen=True, slots=True)
class Message:
    """What one message says, as Block Kit and as the text that stands in for it."""

    text: str
    blocks: list[Block]


def alert_messages(alert: Alert) -> list[Message]:
    """The alert's message with its best sentences, and those that tell the others in its thread."""
    rest = remaining_mentions(alert)
    more = f"and {len(rest)} more in the thread" if rest else ""
    built = [Message(text(alert, more), blocks(alert, more))]
    return built + thread_messages(
        [_thread_line(alert, m) for m in rest], f"podwatch mentions --watch {alert.watch.name}"
    )


def blocks(alert: Alert, more: str | None = None) -> list[Block]:
    """The alert as Block Kit: a header, the episode, the best mentions with the hit in bold.

    Every limit of Slack is kept whatever the alert holds: 150 characters in the header, 10,000 bytes in all.
    more: what is said of the mentions that are not shown; their number, unless given.
    """
    for room in _SNIPPET_ROOMS:
        built = _blocks(alert, room, _more_text(alert) if more is None else more)
        if json_size(built) < MAX_MESSAGE_BYTES:
            break
    return built


def text(alert: Alert, more: str | None = None) -> str:
    """The alert as escaped lines of text: for notifications, screen readers, and when blocks are refused."""
    about = [part for part in (_display_name(alert.episode.show), _date_text(alert.episode)) if part]
    lines = [headline(alert) + (f" ({', '.join(about)})" if about else "")]
    if figures := surge_summary(alert)[1]:
        title = _display_name(alert.episode.title)
        lines = [headline(alert), figures, " · ".join(part for part in (title, *about) if part)]
    shown = _shown_mentions(alert)
    lines += [_sentence_text(m, struck=gone) for m, gone in shown]
    if more := _more_text(alert) if more is None else more:
        lines.append(more)
    said = [plain.escape_mrkdwn(plain.defuse_mentions(line)) for line in lines]
    if link := _moment_link(alert.episode, shown[0][0].seconds if shown else math.nan):
        said.append(f"<{plain.escape_mrkdwn(link)}>")
    return "\n".join(said)


def remaining_mentions(alert: Alert) -> list[tuple[Mention, bool]]:
    """(mention, whether it is gone) of those that the first message does not show, in the order they are said."""
    shown = [m for m, _ in _shown_mentions(alert)]
    rest = [(m, gone) for ms, gone in ((alert.mentions, False), (alert.gone, True)) for m in ms if m not in shown]
    return sorted(rest, key=lambda pair: pair[0].start)


def thread_messages(lines: Sequence[tuple[str, Block]], how: str) -> list[Message]:
    """Messages of as many lines (text, block) as each holds; what would be in too many is counted.

    how: the command that shows everything.
    """
    built: list[list[tuple[str, Block]]] = []
    room = 0
    for line in lines:
        cost = json_size([line[1]])
        if not built or room < cost or len(built[-1]) >= MAX_BLOCKS:
            built.append([])
            room = MAX_MESSAGE_BYTES - 400
        built[-1].append(line)
        room -= cost
    left = sum(len(page) for page in built[MAX_REPLIES:])
    messages = [Message("\n".join(t for t, _ in page), [b for _, b in page]) for page in built[:MAX_REPLIES]]
    if left:
        words = plain.defuse_mentions(f"and {left} more: {plain.truncate_end(plain.clean_line(how), 200)}")
        last = messages[-1]
        messages[-1] = Message(f"{last.text}\n{plain.escape_mrkdwn(words)}", [*last.blocks, context_block(words)])
    return messages


def json_size(built: Sequence[Block]) -> int:
    """Bytes of the blocks as JSON."""
    return len(json.dumps(built, ensure_ascii=False).encode())


def context_block(words: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": words, "emoji": False}]}


def header_block(words: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}


def rich_text_blocks(*parts: tuple[str, list[Element]]) -> list[Block]:
    """One rich_text block of the parts that hold something, or none: Slack refuses empty elements."""
    filled = [{"type": kind, "elements": elements} for kind, elements in parts if elements]
    return [{"type": "rich_text", "elements": filled}] if filled else []


def headline(alert: Alert, room: int = 2 * MAX_HEADER) -> str:
    name = plain.truncate_end(plain.clean_line(alert.watch.name).strip(), _NAME_ROOM) or "podwatch"
    title = plain.clean_line(alert.episode.title).strip()
    line = f"{name} in “{title}”" if title else name
    if who := surge_summary(alert)[0]:
        line = f"{name}: {who}"
    # twice, for what defusing adds
    return plain.truncate_end(plain.defuse_mentions(plain.truncate_end(line, room)), room)


def surge_summary(alert: Alert) -> tuple[str, str]:
    """(who surges, with what figures) of an alert about a surge, else ("", "").

    Its mentions say it in their reason, see entities/telling.py. The names in it are a stranger's.
    """
    mention = next(iter([*alert.mentions, *alert.gone]), None)
    if alert.watch.surge is None or mention is None:
        return "", ""
    who, _, figures = plain.clean_line(mention.reason).strip().partition(": ")
    return plain.truncate_end(who, _NAME_ROOM + 30), plain.defuse_mentions(plain.truncate_end(figures, _REASON_ROOM))


def episode_elements(episode: Episode) -> list[Element]:
    """The show, the date, and where to read on."""
    found = []
    if show := _display_name(episode.show):
        found.append(text_element(show))
    if date := _date_text(episode):
        found.append(text_element(date))
    if link := plain.link_address(episode.link):
        found.append(link_element(link, "episode"))
    return list(with_separators(found))


def quote_sentence(mention: Mention, room: int, *, struck: bool = False) -> list[Element]:
    """The sentence with the hit in bold; struck through when it is no longer said."""
    parts = enumerate(_split_snippet(mention, room))
    return [text_element(part, bold=i == 1, strike=struck) for i, part in parts if part]


def with_separators(elements: Iterable[Element]) -> Iterable[Element]:
    for i, element in enumerate(elements):
        if i:
            yield text_element(" · ")
        yield element


def text_element(said: str, *, bold: bool = False, strike: bool = False) -> Element:
    style = {name: True for name, on in (("bold", bold), ("strike", strike)) if on}
    return {"type": "text", "text": said, "style": style} if style else {"type": "text", "text": said}


def link_element(url: str, label: str) -> Element:
    return {"type": "link", "url": url, "text": label}


def time_and_speaker(alert: Alert, mention: Mention) -> list[Element]:
    """When it was said (a link that opens the episode there), by whom, and how sure podwatch is."""
    found: list[Element] = []
    moment = _time_text(mention)
    if link := _moment_link(alert.episode, mention.seconds):
        found.append(link_element(link, moment or "listen"))
    elif moment:
        found.append(text_element(moment))
    if speaker := _display_name(mention.speaker or ""):
        found.append(text_element(speaker))
    if mention.kind is Kind.SOUNDS_LIKE:
        sure = f"sounds like, {mention.score:.2f}"
        reason = plain.defuse_mentions(plain.truncate_end(plain.clean_line(mention.reason).strip(), _REASON_ROOM))
        found.append(text_element(f"{sure}: {reason}" if reason else sure))
    return list(with_separators(found))


def _blocks(alert: Alert, room: int, more: str) -> list[Block]:
    built = [header_block(headline(alert, MAX_HEADER))]
    about = episode_elements(alert.episode)
    if figures := surge_summary(alert)[1]:
        built += rich_text_blocks(("rich_text_section", [text_element(figures)]))
        if title := _display_name(alert.episode.title):
            about = [text_element(title, bold=True), *([text_element(" · ")] if about else []), *about]
    built += rich_text_blocks(("rich_text_section", about))
    for mention, gone in _shown_mentions(alert):
        sentence = quote_sentence(mention, room, struck=gone)
        about = time_and_speaker(alert, mention)
        if gone:
            about.append(text_element(" · no longer in the transcript" if about else "no longer in the transcript"))
        built += rich_text_blocks(
            ("rich_text_section", about),
            ("rich_text_quote", sentence),
        )
    if more:
        built.append(context_block(more))
    return built


def _thread_line(alert: Alert, other: tuple[Mention, bool]) -> tuple[str, Block]:
    """A mention as one line of a thread."""
    mention, gone = other
    about = time_and_speaker(alert, mention)
    sentence = quote_sentence(mention, _THREAD_SNIPPET_ROOM, struck=gone) or [
        text_element("(nothing that can be shown)")
    ]
    [block] = rich_text_blocks(("rich_text_section", [*about, text_element(" – "), *sentence] if about else sentence))
    return plain.escape_mrkdwn(plain.defuse_mentions(_sentence_text(mention, struck=gone))), block


def _sentence_text(mention: Mention, *, struck: bool) -> str:
    before, hit, after = (plain.flatten_markup(part) for part in _split_snippet(mention, _TEXT_SNIPPET_ROOM))
    about = " ".join(part for part in (_time_text(mention), _display_name(mention.speaker or "")) if part)
    sentence = f"~{before}{hit}{after}~ (no longer said)" if struck else f"{before}*{hit}*{after}"
    return f"{about}: {sentence}" if about else sentence


def _shown_mentions(alert: Alert) -> list[tuple[Mention, bool]]:
    """(mention, whether it is gone) of the first message, in the order they are said: the best of those that are said,
    and of those that are gone what it showed, as far as can be told."""
    before = best_mentions([*alert.mentions, *alert.gone])
    gone = [(m, True) for m in before if m in alert.gone and m not in alert.mentions]
    return sorted([*((m, False) for m in best_mentions(alert.mentions)), *gone], key=lambda pair: pair[0].start)


def _time_text(mention: Mention) -> str:
    """When it is said; "about" where the transcript has the times of whole passages only."""
    moment = plain.format_clock(mention.seconds)
    return f"about {moment}" if moment and mention.approximate else moment


def _split_snippet(mention: Mention, room: int) -> tuple[str, str, str]:
    """The snippet before the hit, the hit, and after it; shortened around the hit to ``room``."""
    snippet, surface, at = mention.snippet, mention.surface, mention.snippet_start
    if not surface or not snippet.startswith(surface, at) or at < 0:
        at = snippet.find(surface) if surface else 0
    if at < 0:  # a snippet that does not hold the hit: then the hit alone is what is sure
        snippet, at = surface, 0
    # No more is looked at than could be shown: a source without sentences makes snippets of 100,000 characters.
    left, right = snippet[:at][-4 * room :], snippet[at + len(surface) :][: 4 * room]
    hit = plain.truncate_end(plain.clean_line(surface[: 4 * room]), room // 2)
    before, after = plain.clean_line(left).lstrip(), plain.clean_line(right).rstrip()
    rest = room - plain.text_weight(hit)
    before = plain.truncate_start(before, max(rest // 2, rest - plain.text_weight(after)))
    after = plain.truncate_end(after, rest - plain.text_weight(before))
    return plain.defuse_mentions(before), plain.defuse_mentions(hit), plain.defuse_mentions(after)


def _moment_link(episode: Episode, seconds: float) -> str | None:
    """The episode at that second: its audio, else its page. A page that has a fragment of its own keeps it."""
    if audio := plain.link_address(episode.audio_url):
        return plain.at_second(audio, seconds)
    page = plain.link_address(episode.link)
    return plain.at_second(page, seconds) if page and "#" not in page else page


def _display_name(name: str) -> str:
    """A name from outside, fit to be shown."""
    return plain.defuse_mentions(plain.truncate_end(plain.clean_line(name).strip(), _NAME_ROOM))


def _date_text(episode: Episode) -> str:
    return episode.published_at.date().isoformat() if episode.published_at else ""


def _more_text(alert: Alert) -> str:
    left = len(alert.mentions) - MENTIONS_PER_CARD
    return f"and {left} more in this episode" if left > 0 else ""
