"""The card of an alert, as Slack's Block Kit and as text: every service renders this one.

``text``, which Slack shows in notifications, and which is sent alone when the blocks are refused, is mrkdwn: escaped,
with no stars in it but those around the hit.
"""

from __future__ import annotations

import math

from podwatch.model import Alert, Episode, Kind, Mention
from podwatch.notifiers.block_kit import (
    MAX_HEADER,
    MAX_MESSAGE_BYTES,
    Block,
    Element,
    Message,
    context_block,
    header_block,
    json_size,
    link_element,
    pack_lines,
    rich_text_blocks,
    text_element,
    with_separators,
)
from podwatch.notifiers.escaping import (
    at_second,
    clean_line,
    defuse_mentions,
    display_text,
    escape_mrkdwn,
    flatten_markup,
    format_clock,
    link_address,
    text_weight,
    truncate_end,
    truncate_start,
)
from podwatch.notifiers.mention_ranking import MENTIONS_PER_CARD, best_mentions

_MAX_NAME, _MAX_REASON, _MAX_TEXT_SNIPPET, _MAX_THREAD_SNIPPET = 80, 160, 300, 200
_SNIPPET_LIMITS = (600, 300, 120, 40)  # the first that keeps the message within its limit


def alert_messages(alert: Alert) -> list[Message]:
    """The message with the alert's best sentences, and those that show the others in its thread."""
    rest = remaining_mentions(alert)
    more = f"and {len(rest)} more in the thread" if rest else ""
    first = Message(text(alert, more), blocks(alert, more))
    return [
        first,
        *pack_lines([_thread_line(alert, *r) for r in rest], f"podwatch mentions --watch {alert.watch.name}"),
    ]


def blocks(alert: Alert, more: str | None = None) -> list[Block]:
    """The alert as Block Kit: a header, the episode, the best mentions with the hit in bold.

    Within Slack's limits whatever the alert holds: MAX_HEADER, MAX_MESSAGE_BYTES.
    more: the note about the mentions that are not shown; their number, unless given.
    """
    for limit in _SNIPPET_LIMITS:
        built = _blocks(alert, limit, _count_more(alert) if more is None else more)
        if json_size(built) < MAX_MESSAGE_BYTES:
            break
    return built


def _blocks(alert: Alert, max_snippet: int, more: str) -> list[Block]:
    built = [header_block(headline(alert, MAX_HEADER))]
    about = episode_elements(alert.episode)
    if figures := surge_summary(alert)[1]:
        built += rich_text_blocks(("rich_text_section", [text_element(figures)]))
        if title := _display_name(alert.episode.title):
            about = [text_element(title, bold=True), *([text_element(" · ")] if about else []), *about]
    built += rich_text_blocks(("rich_text_section", about))
    for mention, gone in _shown_mentions(alert):
        where = mention_elements(alert, mention)
        if gone:
            where.append(text_element(" · no longer in the transcript" if where else "no longer in the transcript"))
        quote = quote_elements(mention, max_snippet, struck=gone)
        built += rich_text_blocks(("rich_text_section", where), ("rich_text_quote", quote))
    return [*built, context_block(more)] if more else built


def text(alert: Alert, more: str | None = None) -> str:
    """The alert as escaped lines of text: for notifications, screen readers, and when blocks are refused."""
    about = [part for part in (_display_name(alert.episode.show), _date(alert.episode)) if part]
    lines = [headline(alert) + (f" ({', '.join(about)})" if about else "")]
    if figures := surge_summary(alert)[1]:
        title = _display_name(alert.episode.title)
        lines = [headline(alert), figures, " · ".join(part for part in (title, *about) if part)]
    shown = _shown_mentions(alert)
    lines += [_sentence_text(m, struck=gone) for m, gone in shown]
    if more := _count_more(alert) if more is None else more:
        lines.append(more)
    lines = [escape_mrkdwn(defuse_mentions(line)) for line in lines]
    if link := _link_at(alert.episode, shown[0][0].seconds if shown else math.nan):
        lines.append(f"<{escape_mrkdwn(link)}>")
    return "\n".join(lines)


def headline(alert: Alert, limit: int = 2 * MAX_HEADER) -> str:
    """The watch and the episode's title in at most ``limit`` characters; of a surge, who surges."""
    name = truncate_end(clean_line(alert.watch.name).strip(), _MAX_NAME) or "podwatch"
    title = clean_line(alert.episode.title).strip()
    line = f"{name} in “{title}”" if title else name
    if who := surge_summary(alert)[0]:
        line = f"{name}: {who}"
    return truncate_end(defuse_mentions(truncate_end(line, limit)), limit)  # twice, for what defusing adds


def surge_summary(alert: Alert) -> tuple[str, str]:
    """(who surges, with what figures) of an alert about a surge, else ("", "").

    Its mentions say it in their reason, see line/surges.py. The names in it are a stranger's words.
    """
    mention = next(iter([*alert.mentions, *alert.gone]), None)
    if alert.watch.surge is None or mention is None:
        return "", ""
    who, _, figures = clean_line(mention.reason).strip().partition(": ")
    return truncate_end(who, _MAX_NAME + 30), defuse_mentions(truncate_end(figures, _MAX_REASON))


def episode_elements(episode: Episode) -> list[Element]:
    """The show, the date, and where to read on."""
    elements = [text_element(part) for part in (_display_name(episode.show), _date(episode)) if part]
    if link := link_address(episode.link):
        elements.append(link_element(link, "episode"))
    return with_separators(elements)


def mention_elements(alert: Alert, mention: Mention) -> list[Element]:
    """When it was said (a link that opens the episode there), by whom, and how sure podwatch is."""
    elements: list[Element] = []
    moment = _moment(mention)
    if link := _link_at(alert.episode, mention.seconds):
        elements.append(link_element(link, moment or "listen"))
    elif moment:
        elements.append(text_element(moment))
    if speaker := _display_name(mention.speaker or ""):
        elements.append(text_element(speaker))
    if mention.kind is Kind.SOUNDS_LIKE:
        score, reason = f"sounds like, {mention.score:.2f}", display_text(mention.reason, _MAX_REASON)
        elements.append(text_element(f"{score}: {reason}" if reason else score))
    return with_separators(elements)


def quote_elements(mention: Mention, limit: int, *, struck: bool = False) -> list[Element]:
    """The sentence with the hit in bold; struck through when it is no longer said."""
    parts = enumerate(_split_snippet(mention, limit))
    return [text_element(part, bold=i == 1, strike=struck) for i, part in parts if part]


def remaining_mentions(alert: Alert) -> list[tuple[Mention, bool]]:
    """(mention, whether it is gone) of those that the first message does not show, in the order they are said."""
    shown = [m for m, _ in _shown_mentions(alert)]
    rest = [(m, gone) for ms, gone in ((alert.mentions, False), (alert.gone, True)) for m in ms if m not in shown]
    return sorted(rest, key=lambda pair: pair[0].start)


def _shown_mentions(alert: Alert) -> list[tuple[Mention, bool]]:
    """(mention, whether it is gone) of the first message, in the order they are said.

    The best of the mentions that are there, and of those that are gone what the message showed, as far as can be told.
    """
    before = best_mentions([*alert.mentions, *alert.gone])
    gone = [(m, True) for m in before if m in alert.gone and m not in alert.mentions]
    return sorted([*((m, False) for m in best_mentions(alert.mentions)), *gone], key=lambda pair: pair[0].start)


def _count_more(alert: Alert) -> str:
    left = len(alert.mentions) - MENTIONS_PER_CARD
    return f"and {left} more in this episode" if left > 0 else ""


def _thread_line(alert: Alert, mention: Mention, gone: bool) -> tuple[str, Block]:
    """A mention as one line of a thread: (text, block)."""
    where = mention_elements(alert, mention)
    quote = quote_elements(mention, _MAX_THREAD_SNIPPET, struck=gone) or [text_element("(nothing that can be shown)")]
    [block] = rich_text_blocks(("rich_text_section", [*where, text_element(" – "), *quote] if where else quote))
    return escape_mrkdwn(defuse_mentions(_sentence_text(mention, struck=gone))), block


def _sentence_text(mention: Mention, *, struck: bool) -> str:
    before, hit, after = (flatten_markup(part) for part in _split_snippet(mention, _MAX_TEXT_SNIPPET))
    where = " ".join(part for part in (_moment(mention), _display_name(mention.speaker or "")) if part)
    sentence = f"~{before}{hit}{after}~ (no longer said)" if struck else f"{before}*{hit}*{after}"
    return f"{where}: {sentence}" if where else sentence


def _split_snippet(mention: Mention, limit: int) -> tuple[str, str, str]:
    """The snippet before the hit, the hit, and after it; shortened around the hit to ``limit`` (see text_weight)."""
    snippet, surface, at = mention.snippet, mention.surface, mention.snippet_start
    if not surface or not snippet.startswith(surface, at) or at < 0:
        at = snippet.find(surface) if surface else 0
    if at < 0:  # a snippet that does not hold the hit: then the hit alone is sure
        snippet, at = surface, 0
    # No more is cleaned than could be shown: a source without sentences makes snippets of 100,000 characters.
    left, right = snippet[:at][-4 * limit :], snippet[at + len(surface) :][: 4 * limit]
    hit = truncate_end(clean_line(surface[: 4 * limit]), limit // 2)
    before, after = clean_line(left).lstrip(), clean_line(right).rstrip()
    rest = limit - text_weight(hit)
    before = truncate_start(before, max(rest // 2, rest - text_weight(after)))
    after = truncate_end(after, rest - text_weight(before))
    return defuse_mentions(before), defuse_mentions(hit), defuse_mentions(after)


def _moment(mention: Mention) -> str:
    """When it is said; "about" where the transcript has the times of whole passages only."""
    moment = format_clock(mention.seconds)
    return f"about {moment}" if moment and mention.approximate else moment


def _link_at(episode: Episode, seconds: float) -> str | None:
    """The episode at that second: its audio, else its page. A page that has a fragment of its own keeps it."""
    if audio := link_address(episode.audio_url):
        return at_second(audio, seconds)
    page = link_address(episode.link)
    return at_second(page, seconds) if page and "#" not in page else page


def _display_name(name: str) -> str:
    return display_text(name, _MAX_NAME)


def _date(episode: Episode) -> str:
    return episode.published_at.date().isoformat() if episode.published_at else ""
