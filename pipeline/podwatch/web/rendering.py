"""The templates and the words that they use: everything from feeds is escaped, and leads nowhere but to http(s)."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from podwatch.diagnose.names_in_doubt import describe_scores
from podwatch.model import Mention
from podwatch.notifiers import show_channel
from podwatch.notifiers.escaping import format_clock
from podwatch.policy.hearing_schedule import decided_by
from podwatch.redaction import display_address, redact_text
from podwatch.web.describe import describe_match, describe_outcome, message_link

FOLDER = Path(__file__).parent
# Controls that move what stands around them (Unicode TR 9), and those that no page can show: as long as before, since
# places in a transcript are counted.
_CONTROL: dict[int, str] = dict.fromkeys((*range(9), *range(11, 13), *range(14, 32), *range(127, 160)), "\ufffd")
_CONTROL |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\u2060")
_CONTROL |= dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")  # no XML has them


@cache
def build_environment() -> Environment:
    """One for all applications of this process, not to be changed: to compile the templates takes half a second."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=clean,
    )
    environment.filters |= {
        "when": time_element,
        "day": day_element,
        "clock": format_clock,
        "web": web_address,
        "address": display_address,
        "redacted": redact_text,
        "channel": show_channel,
        "snippet": mark_snippet,
        "outcome": describe_outcome,
        "match": describe_match,
        "message": message_link,
        "decided_by": decided_by,
        "scores": describe_scores,
        "percent": lambda share: f"{share:.0%}",
        "count": lambda n: f"{n:,}",
        "part": lambda text: quote(str(text), safe=""),
    }
    environment.globals |= {"asset": asset_name}
    return environment


def clean(value: Any) -> Any:
    """What an expression of a template prints: a stranger's text without controls, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, str) and not value.isprintable() and not isinstance(value, Markup):
        return value.translate(_CONTROL)
    return value


@cache
def asset_name(name: str) -> str:
    """A file of static/ with its hash, so that browsers keep it until it changes."""
    return f"static/{name}?{hashlib.blake2b((FOLDER / 'static' / name).read_bytes(), digest_size=6).hexdigest()}"


def web_address(url: str | None) -> str:
    """The address where it is an http(s) one; else "", so that no link runs a script."""
    if not url:
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.hostname else ""


def time_element(moment: datetime | None, empty: str = "never") -> Markup:
    """A time in UTC, which the script of the page turns into the reader's zone."""
    if moment is None:
        return Markup("{}").format(empty)
    utc = moment.astimezone(UTC)
    return Markup(f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%Y-%m-%d %H:%M} UTC</time>')  # noqa: S704 - digits


def day_element(moment: datetime | None, empty: str = "no date") -> Markup:
    """The same, of which the day is shown."""
    if moment is None:
        return Markup("{}").format(empty)
    utc = moment.astimezone(UTC)
    return Markup(f'<time class="day" datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%Y-%m-%d}</time>')  # noqa: S704


def mark_snippet(m: Mention) -> Markup:
    """The sentence of a mention, with the hit marked by its kind."""
    end = m.snippet_start + len(m.surface)
    parts = (m.snippet[: m.snippet_start], m.snippet[m.snippet_start : end], m.snippet[end:])
    before, hit, after = (escape(clean(p)) for p in parts)
    return Markup(f'{before}<mark class="{m.kind.value}">{hit}</mark>{after}')  # noqa: S704 - its parts are escaped


def seconds_or_none(m: Mention) -> float | None:
    """When it is said; None when the transcript has no times."""
    return None if math.isnan(m.seconds) else m.seconds
