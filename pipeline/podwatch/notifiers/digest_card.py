"""Says what a digest looks like: alerts by watch, a line each with the best sentence. See card.py for the blocks."""

from __future__ import annotations

from collections import defaultdict

from podwatch.model import Alert, Digest, HoldReason
from podwatch.notifiers import card
from podwatch.notifiers import escaping as plain
from podwatch.notifiers.card import Block, Message
from podwatch.notifiers.mention_ranking import best_mentions

_SENTENCE_ROOM, _TITLE_ROOM = 140, 100
_WHY = {
    HoldReason.DIGEST: "",
    HoldReason.REPEATED: "said again since the last alert",
    HoldReason.CEILING: "more than this channel takes in an hour",
}


def digest_messages(digest: Digest) -> list[Message]:
    """The digest's message, and those that continue it in its thread."""
    shown = [a for a in digest.alerts if a.mentions or a.gone]
    by_watch: dict[str, list[Alert]] = defaultdict(list)
    for alert in shown:
        by_watch[alert.watch.name].append(alert)
    lines = [_alert_line(alert, first=i == 0) for group in by_watch.values() for i, alert in enumerate(group)]
    title = f"Digest: {len(shown)} {'alert' if len(shown) == 1 else 'alerts'} from podcasts"
    why = _WHY.get(digest.why, "")
    names = ", ".join(
        f"{plain.truncate_end(plain.clean_line(name), 80)} ({len(group)})" for name, group in by_watch.items()
    )
    summary = plain.defuse_mentions(plain.truncate_end(names, 600))
    built = card.thread_messages(lines, "podwatch mentions") or [Message("", [])]
    first = built[0]
    top = [card.header_block(title), *([card.context_block(why)] if why else [])]
    text = "\n".join(
        part for part in (title, why, plain.escape_mrkdwn(plain.flatten_markup(summary)), first.text) if part
    )
    return [Message(text[:20_000], top + first.blocks), *built[1:]]


def _alert_line(alert: Alert, *, first: bool) -> tuple[str, Block]:
    """(text, block) of one alert; the first of its watch begins with the watch's name."""
    name = plain.defuse_mentions(plain.truncate_end(plain.clean_line(alert.watch.name).strip(), 80)) or "podwatch"
    title = (
        plain.defuse_mentions(plain.truncate_end(plain.clean_line(alert.episode.title).strip(), _TITLE_ROOM))
        or "an episode"
    )
    gone = not alert.mentions
    mention = best_mentions(alert.mentions or alert.gone, 1)[0]
    count = len(alert.mentions)
    about = [card.text_element(title, bold=True, strike=gone), *card.episode_elements(alert.episode)[:3]]
    if count > 1:
        about.append(card.text_element(f"{count} times"))
    about += [card.text_element("no longer in the transcript")] if gone else card.time_and_speaker(alert, mention)[:1]
    sentence = card.quote_sentence(mention, _SENTENCE_ROOM, struck=gone)
    who, figures = card.surge_summary(alert)
    if who:
        who = plain.defuse_mentions(who)
        about = [card.text_element(f"{who}: {figures}", bold=True), card.text_element(title), *about[1:]]
    heading = [card.text_element(name, bold=True)] if first else []
    [block] = card.rich_text_blocks(
        ("rich_text_section", heading),
        ("rich_text_section", list(card.with_separators([e for e in about if e.get("text") != " · "]))),
        ("rich_text_quote", sentence),
    )
    show = plain.defuse_mentions(plain.truncate_end(plain.clean_line(alert.episode.show).strip(), 80))
    words = "".join(part["text"] for part in sentence)
    where = f": {who}, “{title}”" if who else f" in “{title}”"
    line = f"{name}{where}{f' ({show})' if show else ''}: {words}"
    return plain.escape_mrkdwn(plain.flatten_markup(line)), block
