"""The card of a digest: its alerts by watch, one line each with the best sentence."""

from __future__ import annotations

from collections import defaultdict

from podwatch.model import Alert, Digest, HoldReason, Report
from podwatch.notifiers import card
from podwatch.notifiers.block_kit import (
    Block,
    Message,
    context_block,
    header_block,
    pack_lines,
    rich_text_blocks,
    text_element,
    with_separators,
)
from podwatch.notifiers.escaping import (
    clean_line,
    defuse_mentions,
    display_text,
    escape_mrkdwn,
    flatten_markup,
    truncate_end,
)
from podwatch.notifiers.mention_ranking import best_mentions
from podwatch.notifiers.report_card import report_messages

_MAX_NAME, _MAX_TITLE, _MAX_SENTENCE, _MAX_SUMMARY = 80, 100, 140, 600
_WHY = {
    HoldReason.DIGEST: "",
    HoldReason.REPEATED: "said again since the last alert",
    HoldReason.CEILING: "more than this channel takes in an hour",
    HoldReason.LATE: "waited for days until this channel could be reached",
    HoldReason.RELEASED: "was held back, and released by hand",
}


def digest_messages(digest: Digest) -> list[Message]:
    """The digest's message, or the report's, and those that continue it in its thread."""
    if isinstance(digest, Report):
        return report_messages(digest)
    shown = [a for a in digest.alerts if a.mentions or a.gone]
    by_watch: dict[str, list[Alert]] = defaultdict(list)
    for alert in shown:
        by_watch[alert.watch.name].append(alert)
    lines = [_alert_line(alert, first=i == 0) for group in by_watch.values() for i, alert in enumerate(group)]
    title = f"Digest: {len(shown)} {'alert' if len(shown) == 1 else 'alerts'} from podcasts"
    why = _WHY.get(digest.why, "")
    names = ", ".join(f"{truncate_end(clean_line(name), _MAX_NAME)} ({len(group)})" for name, group in by_watch.items())
    summary = _escape(defuse_mentions(truncate_end(names, _MAX_SUMMARY)))
    first, *rest = pack_lines(lines, "podwatch mentions") or [Message("", [])]
    text = "\n".join(part for part in (title, why, summary, first.text) if part)[:20_000]
    top = [header_block(title), *([context_block(why)] if why else [])]
    coverage = display_text(digest.coverage, _MAX_SUMMARY)
    bottom = [context_block(coverage)] if coverage else []
    text += f"\n{escape_mrkdwn(coverage)}" if coverage else ""
    return [Message(text, top + first.blocks + bottom), *rest]


def _alert_line(alert: Alert, *, first: bool) -> tuple[str, Block]:
    """(text, block) of one alert; the first of its watch begins with the watch's name."""
    name = display_text(alert.watch.name, _MAX_NAME) or "podwatch"
    title = display_text(alert.episode.title, _MAX_TITLE) or "an episode"
    gone = not alert.mentions
    mention = best_mentions(alert.mentions or alert.gone, 1)[0]
    who, figures = card.surge_summary(alert)
    who = defuse_mentions(who)
    about = [text_element(title, bold=True, strike=gone)]
    if who:
        about = [text_element(f"{who}: {figures}", bold=True), text_element(title)]
    about += card.episode_elements(alert.episode)[:3:2]  # the show and the date
    if len(alert.mentions) > 1:
        about.append(text_element(f"{len(alert.mentions)} times"))
    about += [text_element("no longer in the transcript")] if gone else card.mention_elements(alert, mention, set())[:1]
    sentence = card.quote_elements(alert.watch, mention, _MAX_SENTENCE, struck=gone)
    [block] = rich_text_blocks(
        ("rich_text_section", [text_element(name, bold=True)] if first else []),
        ("rich_text_section", with_separators(about)),
        ("rich_text_quote", sentence),
    )
    show = display_text(alert.episode.show, _MAX_NAME)
    where = f": {who}, “{title}”" if who else f" in “{title}”"
    words = "".join(part["text"] for part in sentence)
    return _escape(f"{name}{where}{f' ({show})' if show else ''}: {words}"), block


def _escape(text: str) -> str:
    return escape_mrkdwn(flatten_markup(text))
