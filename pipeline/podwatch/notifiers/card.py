"""The card of an alert, as Slack's Block Kit and as text: every service renders this one.

``text``, which Slack shows in notifications, and which is sent alone when the blocks are refused, is mrkdwn: escaped,
with no stars in it but those around the hit.
"""

from __future__ import annotations

import math
import re

from podwatch.model import Alert, Episode, Kind, Mention, Watch
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
    truncate_end,
)
from podwatch.notifiers.excerpt import excerpt
from podwatch.notifiers.mention_ranking import best_mentions
from podwatch.notifiers.page_links import page_link

RECOGNISED = "recognised by podwatch"  # of an episode without a published transcript
_MAX_NAME, _MAX_REASON, _MAX_TEXT_SNIPPET, _MAX_THREAD_SNIPPET = 80, 160, 300, 200
_MAX_SURE = 0.99  # nothing is certain that was misspelt
_REASON = re.compile(r".* ~ (.+), [01]\.\d\d: (.*)", re.DOTALL)  # as phonetics/match_reasons.py writes it
_SNIPPET_LIMITS = (600, 300, 120, 40)  # the first that keeps the message within its limit


def alert_messages(alert: Alert) -> list[Message]:
    """The message with the alert's best sentences, and those that show the others in its thread, and the reasons."""
    rest = remaining_mentions(alert)
    more = f"and {len(rest)} more in the thread" if rest else ""
    first = Message(text(alert, more), blocks(alert, more))
    named = set[str]()
    lines = [_thread_line(alert, mention, gone, named) for mention, gone in rest]
    lines += [_reason_line(m) for m, gone in _shown_mentions(alert) if not gone and _reasons(m)]
    return [first, *pack_lines(lines, f"podwatch mentions --watch {alert.watch.name}")]


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
    if alert.is_recognised:
        about = [*about, text_element(f"{' · ' if about else ''}{RECOGNISED}")]
    built += rich_text_blocks(("rich_text_section", about))
    named = set[str]()
    for mention, gone in _shown_mentions(alert):
        where = mention_elements(alert, mention, named)
        if gone:
            where.append(text_element(" · no longer in the transcript" if where else "no longer in the transcript"))
        quote = quote_elements(alert.watch, mention, max_snippet, struck=gone)
        built += rich_text_blocks(("rich_text_section", where), ("rich_text_quote", quote))
    return [*built, context_block(more)] if more else built


def text(alert: Alert, more: str | None = None) -> str:
    """The alert as escaped lines of text: for notifications, screen readers, and when blocks are refused."""
    about = [part for part in (_display_name(alert.episode.show), _date(alert.episode)) if part]
    about += [RECOGNISED] if alert.is_recognised else []
    lines = [headline(alert) + (f" ({', '.join(about)})" if about else "")]
    if figures := surge_summary(alert)[1]:
        title = _display_name(alert.episode.title)
        lines = [headline(alert), figures, " · ".join(part for part in (title, *about) if part)]
    shown = _shown_mentions(alert)
    lines += [_sentence_text(alert.watch, m, struck=gone) for m, gone in shown]
    if more := _count_more(alert) if more is None else more:
        lines.append(more)
    lines = [escape_mrkdwn(defuse_mentions(line)) for line in lines]
    if link := _link_to(alert, shown[0][0] if shown else None):
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


def mention_elements(alert: Alert, mention: Mention, named: set[str]) -> list[Element]:
    """When it was said (a link that opens the episode there), by whom, and how sure podwatch is.

    named: of what a misspelling was shown above; it is added to, and not said again.
    """
    elements: list[Element] = []
    moment = _moment(mention)
    if link := _link_to(alert, mention):
        elements.append(link_element(link, moment or ("read" if alert.page else "listen")))
    elif moment:
        elements.append(text_element(moment))
    if speaker := _display_name(mention.speaker or ""):
        elements.append(text_element(speaker))
    if mention.kind is Kind.SOUNDS_LIKE:
        elements.append(text_element(_describe_misspelling(alert, mention, named)))
    return with_separators(elements)


def _describe_misspelling(alert: Alert, mention: Mention, named: set[str]) -> str:
    name = _display_name(_split_reason(mention)[0] or alert.watch.entity or "")
    percent = f" ({min(mention.score, _MAX_SURE):.0%})" if 0 <= mention.score <= 1 else ""
    if not name or name in named:
        return f"possible misspelling{percent}"
    named.add(name)
    return f"possible misspelling of {name}{percent}"


def _split_reason(mention: Mention) -> tuple[str, str]:
    """(of what it may be a misspelling, what speaks for it) of ``Dobrinin ~ Dobrynin, 0.83: full name elsewhere``."""
    found = _REASON.fullmatch(mention.reason)
    return (found[1], found[2]) if found else ("", mention.reason)


def quote_elements(watch: Watch, mention: Mention, limit: int, *, struck: bool = False) -> list[Element]:
    """The sentence with the hits in bold; struck through when it is no longer said."""
    return [text_element(part.text, bold=part.hit, strike=struck) for part in excerpt(watch, mention, limit)]


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
    left = len(alert.mentions) - len(best_mentions(alert.mentions))
    return f"and {left} more in this episode" if left > 0 else ""


def _thread_line(alert: Alert, mention: Mention, gone: bool, named: set[str]) -> tuple[str, Block]:
    """A mention as one line of a thread: (text, block)."""
    where = mention_elements(alert, mention, named)
    if reasons := _reasons(mention):
        where.append(text_element(f": {reasons}"))
    quote = quote_elements(alert.watch, mention, _MAX_THREAD_SNIPPET, struck=gone)
    quote = quote or [text_element("(nothing that can be shown)")]
    [block] = rich_text_blocks(("rich_text_section", [*where, text_element(" – "), *quote] if where else quote))
    return escape_mrkdwn(defuse_mentions(_sentence_text(alert.watch, mention, struck=gone))), block


def _reason_line(mention: Mention) -> tuple[str, Block]:
    """Why a mention that the first message shows is taken for a misspelling: (text, block)."""
    hit = display_text(mention.surface, _MAX_NAME)
    about = " ".join(part for part in (_moment(mention), f"“{hit}”" if hit else "") if part)
    line = f"{about}: {_reasons(mention)}" if about else _reasons(mention)
    [block] = rich_text_blocks(("rich_text_section", [text_element(line)]))
    return escape_mrkdwn(flatten_markup(line)), block


def _reasons(mention: Mention) -> str:
    """What speaks for a misspelling, to be shown; "" of any other mention."""
    return display_text(_split_reason(mention)[1], _MAX_REASON) if mention.kind is Kind.SOUNDS_LIKE else ""


def _sentence_text(watch: Watch, mention: Mention, *, struck: bool) -> str:
    pieces = [(flatten_markup(p.text), p.hit) for p in excerpt(watch, mention, _MAX_TEXT_SNIPPET)]
    where = " ".join(part for part in (_moment(mention), _display_name(mention.speaker or "")) if part)
    if struck:
        sentence = f"~{''.join(part for part, _ in pieces)}~ (no longer said)"
    else:
        sentence = "".join(f"*{part}*" if hit else part for part, hit in pieces)
    return f"{where}: {sentence}" if where else sentence


def _moment(mention: Mention) -> str:
    """When it is said; "about" where the transcript has the times of whole passages only."""
    moment = format_clock(mention.seconds)
    return f"about {moment}" if moment and mention.approximate else moment


def _link_to(alert: Alert, mention: Mention | None) -> str | None:
    """The sentence on the page, else the episode at its second; None for mention: the beginning."""
    return page_link(alert, mention) or link_at(alert.episode, mention.seconds if mention is not None else math.nan)


def link_at(episode: Episode, seconds: float) -> str | None:
    """The episode at that second: its audio, else its page. A page that has a fragment of its own keeps it."""
    if audio := link_address(episode.audio_url):
        return at_second(audio, seconds)
    page = link_address(episode.link)
    return at_second(page, seconds) if page and "#" not in page else page


def _display_name(name: str) -> str:
    return display_text(name, _MAX_NAME)


def _date(episode: Episode) -> str:
    return episode.published_at.date().isoformat() if episode.published_at else ""
