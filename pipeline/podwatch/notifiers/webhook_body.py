"""The JSON body of a webhook, as docs/webhook.md describes it: within a limit whatever an alert holds. Pure.

The words of strangers are cleaned and defused as for a channel (no control characters, no ``@here``), because
receivers pass them on to chats and terminals.
"""

from __future__ import annotations

from typing import Any

import orjson

from podwatch.model import Alert, Digest, Mention, Report
from podwatch.notifiers import card
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.escaping import at_second, display_text, link_address
from podwatch.notifiers.excerpt import excerpt
from podwatch.notifiers.mention_ranking import best_mentions
from podwatch.notifiers.page_links import page_link

MAX_BODY_BYTES = 256 * 1024
MAX_MENTIONS = 100  # in one body
MAX_TEXT = 2000  # characters of a snippet
# (mentions, characters of a text): the first that keeps the body within its limit
_LIMITS = ((MAX_MENTIONS, MAX_TEXT), (MAX_MENTIONS, 300), (10, 300), (3, 100))


def alert_body(alert: Alert) -> bytes:
    """The alert as JSON, with its best mentions where there are too many."""
    for mentions, max_text in _LIMITS:
        fields = _alert_fields(alert, mentions, max_text)
        content = orjson.dumps({"type": "podwatch.alert", **fields, "text": card.text(alert)})
        if len(content) <= MAX_BODY_BYTES:
            break
    return content


def digest_body(digest: Digest) -> bytes:
    """The digest as JSON: as many of its alerts, with their best mentions, as there is room for; or the report."""
    if isinstance(digest, Report):
        return _report_body(digest)
    alerts = [a for a in digest.alerts if a.mentions]
    text = digest_messages(digest)[0].text
    left = MAX_BODY_BYTES - 1000 - len(orjson.dumps(text))
    shown: list[dict[str, Any]] = []
    for alert in alerts:
        fields = _alert_fields(alert, 3, 300)
        left -= len(orjson.dumps(fields)) + 1
        if left < 0:
            break
        shown.append(fields)
    about = {"type": "podwatch.digest", "key": digest.key, "why": digest.why.value}
    about |= {"coverage": _text(digest.coverage, 600)}
    return orjson.dumps(about | {"alerts": shown, "alerts_total": len(alerts), "text": text})


def _report_body(report: Report) -> bytes:
    """The report as JSON, with as many rows of its table as there is room for."""
    about: dict[str, Any] = {"type": "podwatch.report", "key": report.key, "report": report.name}
    about |= {"title": _text(report.title, 300)}
    about |= {"lines": [_text(line, 600) for line in report.lines], "coverage": _text(report.coverage, 600)}
    about |= {"text": digest_messages(report)[0].text, "rows_total": len(report.rows)}
    left = MAX_BODY_BYTES - 1000 - len(orjson.dumps(about))
    shown: list[dict[str, str]] = []
    for row in report.rows:
        fields = {name: _text(cell, 600) for name, cell in zip(report.columns, row, strict=True)}
        left -= len(orjson.dumps(fields)) + 1
        if left < 0:
            break
        shown.append(fields)
    return orjson.dumps(about | {"rows": shown})


def _alert_fields(alert: Alert, max_mentions: int, max_text: int) -> dict[str, Any]:
    e = alert.episode
    best = best_mentions(alert.mentions)
    rest = [m for m in alert.mentions if m not in best][: max(0, max_mentions - len(best))]
    return {
        "key": alert.key,
        "watch": {"name": _text(alert.watch.name, 200), "revision": alert.watch.revision},
        "episode": {
            "show": _text(e.show, 300),
            "title": _text(e.title, 500),
            "published_at": e.published_at.isoformat() if e.published_at else None,
            "link": link_address(e.link),
            "audio_url": link_address(e.audio_url),
            "page": page_link(alert, None),
        },
        "mentions": [_mention_fields(alert, m, max_text) for m in sorted([*best, *rest], key=lambda m: m.start)],
        "mentions_total": len(alert.mentions),
    }


def _mention_fields(alert: Alert, m: Mention, max_text: int) -> dict[str, Any]:
    audio = link_address(alert.episode.audio_url)
    return {
        "surface": _text(m.surface, max_text),
        "kind": m.kind.value,
        "score": round(m.score, 4) if 0 <= m.score <= 1 else None,
        "reason": _text(m.reason, 300),
        "seconds": m.seconds if 0 <= m.seconds < 1e9 else None,
        "link": at_second(audio, m.seconds) if audio else None,
        "page": page_link(alert, m),
        "speaker": _text(m.speaker, 200) if m.speaker else None,
        "snippet": _text(_snippet(alert, m, max_text), max_text),
    }


def _snippet(alert: Alert, m: Mention, limit: int) -> str:
    """The snippet, or an excerpt with the words that matched where it is too long."""
    if len(m.snippet) <= limit:
        return m.snippet
    return "".join(piece.text for piece in excerpt(alert.watch, m, limit))


def _text(text: str, limit: int) -> str:
    return display_text(text[: 4 * limit], limit)  # no more is cleaned than could be shown
