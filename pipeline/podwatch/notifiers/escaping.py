"""Makes text and addresses from feeds and transcripts harmless to show in a message, on a terminal, in a log. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from urllib.parse import quote, urlsplit

from podwatch.lazy_patterns import lazy_pattern
from podwatch.redaction import has_secret

MAX_URL_LENGTH = 800  # characters; Slack allows 3,000, but four of those would fill a whole message

# Bidirectional controls (Unicode TR 9, 2.8: "Trojan source"), the byte order mark, interlinear marks, and the
# invisible tag characters. ZERO WIDTH JOINER and NON-JOINER stay: emoji and Persian are spelt with them.
_INVISIBLE = lazy_pattern("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_CONTROL = lazy_pattern("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = lazy_pattern(r"\s+")
# What a chat server might read as a mention of everybody. Slack itself reads neither in the blocks podwatch sends,
# but compatible servers read @here wherever it stands.
_GROUP_MENTION = lazy_pattern(r"(?<=<)(?=[!@#])|(?<=@)(?=here|channel|everyone|group|all\b)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_UNSAFE_IN_URL = lazy_pattern('[\x00-\x20\x7f-\xa0<>"|\\\\^`{}\u2028\u2029]')
_ZERO_WIDTH_JOINER = "\u200d"
_MIN_ENDS = 24  # characters
_LOOK_ALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})


# What a spreadsheet runs; where it is set to Chinese or Japanese, the wide ones, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def defuse_cell(text: str) -> str:
    """A text as a cell of a CSV file: one that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def display_text(text: str, limit: int) -> str:
    """A stranger's words as one line that is fit to show, in at most ``limit`` characters (see text_weight)."""
    return defuse_mentions(truncate_end(clean_line(text).strip(), limit))


def clean_line(text: str) -> str:
    """One line without control characters, bidirectional controls or half characters; runs of blanks become one."""
    return _INVISIBLE.sub("", _CONTROL.sub("", _BLANKS.sub(" ", text)))


def defuse_mentions(text: str) -> str:
    """The same to the eye, but no group mention any more: an invisible joiner stands between ``@`` and ``here``."""
    return _GROUP_MENTION.sub(_WORD_JOINER, text)


def escape_mrkdwn(text: str) -> str:
    """The three characters that Slack's message text gives a meaning (docs.slack.dev, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def flatten_markup(text: str) -> str:
    """Without the marks that mrkdwn reads as bold, struck or code: look-alikes stand in for them."""
    return text.translate(_LOOK_ALIKES)


def text_weight(text: str) -> int:
    """How much of a message's limit a text takes: its UTF-16 units, but 20 for a symbol.

    Slack stores each emoji as an element of its own, so that a line of emoji is refused as too long
    (``msg_blocks_too_long``) long before its characters add up.
    """
    return len(text) if text.isascii() else sum(map(_char_weight, text))


def _char_weight(char: str) -> int:
    if unicodedata.category(char) == "So":
        return 20
    return 2 if char > "\uffff" else 1


def truncate_end(text: str, limit: int) -> str:
    """The beginning of a text within ``limit`` (see text_weight), ended by an ellipsis where something is missing."""
    if len(text) <= limit and text_weight(text) <= limit:
        return text
    spent, end = 1, 0  # the ellipsis counts
    while end < len(text) and spent + _char_weight(text[end]) <= limit:
        spent += _char_weight(text[end])
        end += 1
    while end and not _may_cut(text, end):
        end -= 1
    blank = text.rfind(" ", max(0, end - 20), end)
    return text[: blank if blank > 0 else end].rstrip() + "…"


def truncate_start(text: str, limit: int) -> str:
    """The end of a text within ``limit``, begun by an ellipsis where something is missing."""
    if len(text) <= limit and text_weight(text) <= limit:
        return text
    spent, start = 1, len(text)
    while start and spent + _char_weight(text[start - 1]) <= limit:
        start -= 1
        spent += _char_weight(text[start])
    while start < len(text) and not _may_cut(text, start):
        start += 1
    blank = text.find(" ", start, start + 20)
    return "…" + text[blank + 1 if blank >= 0 and blank + 1 < len(text) else start :].lstrip()


def truncate_middle(text: str, limit: int) -> str:
    """Both ends of a text within about ``limit``, with an ellipsis between them where something is missing.

    Nothing but the ellipsis where so little room is left that parts of words would stand there.
    """
    if text_weight(text) <= limit:
        return text
    if limit < _MIN_ENDS:
        return " … "
    left, right = truncate_end(text, (limit - 2) // 2), truncate_start(text, (limit - 2) // 2)
    return f"{left.removesuffix('…').rstrip()} … {right.removeprefix('…').lstrip()}"


def _may_cut(text: str, at: int) -> bool:
    """Whether a cut before ``text[at]`` leaves no half letter and no half emoji."""
    after = text[at] if at < len(text) else " "
    joined = _ZERO_WIDTH_JOINER in (text[at - 1], after) or "\U0001f3fb" <= after <= "\U0001f3ff"
    return not joined and not unicodedata.category(after).startswith("M")


def link_address(url: str | None) -> str | None:
    """The address as it may stand in a link; None when it is not safe to link to.

    Only http and https. Characters with a meaning to Slack or a terminal are percent-encoded. None for an address with
    a login or a token: what opens a private feed does not belong in a channel.
    """
    if not url or len(url) > MAX_URL_LENGTH or has_secret(url):
        return None
    url = _INVISIBLE.sub("", url.strip()).encode("utf-8", "ignore").decode()
    url = _UNSAFE_IN_URL.sub(lambda m: quote(m[0], safe=""), url)
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:  # as in http://[::1
        return None
    return url if is_safe and len(url) <= MAX_URL_LENGTH else None


def at_second(url: str, seconds: float) -> str:
    """The address of a recording at a moment: a media fragment, ``#t=754`` (W3C Media Fragments URI 1.0, 4.2.1).

    seconds: from the start of the audio; rounded down. nan and the like leave the address as it is.
    """
    if not _is_moment(seconds):
        return url
    return f"{url.partition('#')[0]}#t={int(seconds)}"


def format_clock(seconds: float) -> str:
    """A moment as H:MM:SS, rounded down; nothing for nan and the like."""
    if not _is_moment(seconds):
        return ""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _is_moment(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 <= seconds < 1e9
