"""The warnings about what a watchlist says without a mistake of form, and likely does not mean. Pure.

A tag that no feed has, a channel that Slack cannot have, a comma where OR was meant, a # that begins a comment: all of
them are read without a word, and find nothing or tell nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from podwatch.errors import suggest_name
from podwatch.lazy_patterns import lazy_pattern
from podwatch.model import Watch
from podwatch.model.channels import SLACK_ID
from podwatch.query.check_warnings import Finding, Level
from podwatch.query.clauses import Clause, Term

SCHEMES = ("mailto:", "webhook:", "https://", "http://", "console:")  # of channels that are not Slack's
_MAX_NAME = 80  # characters of a Slack channel's name (docs.slack.dev, conversations.create)
_SLACK_NAME = lazy_pattern(r"#?[\w-]+|@[\w.-]+")
_MAIL = lazy_pattern(r"[^\s@#:]+@[^\s@]+\.\w+")
# A value that is nothing but a comment without a blank, and a comment that looks like a hashtag at the end of a value.
_ONLY_COMMENT = lazy_pattern(r"^\s*(?:-\s+)?(\w+):\s+(#[^\s#]\S*)\s*$")
_HASHTAG = lazy_pattern(r"^\s*(?:-\s+)?(query|entity|channel):\s+[^'\"#\s][^#]*\s(#\w+)\s*$")


def find_list_warnings(watches: Sequence[Watch], clauses: Mapping[str, Clause]) -> Iterator[Finding]:
    """What can be said without knowing the feeds. clauses: of the watches with a query, by name."""
    yield from _find_channel_warnings(watches)
    for watch in watches:
        if watch.query is not None and watch.name in clauses:
            yield from _find_stray_signs(watch, clauses[watch.name])


def find_scope_warnings(watches: Sequence[Watch], tags: Collection[str], urls: Collection[str]) -> Iterator[Finding]:
    """Tags and addresses in the scopes of watches that no feed has. tags, urls: of all feeds; nothing without feeds."""
    if not urls:
        return
    seen: set[tuple[str, str]] = set()
    for watch in watches:
        s = watch.scope
        wanted = [("tag", t, tags) for t in (*s.tags, *s.not_tags)]
        wanted += [("address", u, urls) for u in (*s.urls, *s.not_urls)]
        for what, name, known in wanted:
            if name not in known and (what, name) not in seen:
                seen.add((what, name))
                todo = suggest_name(name, known, "see podwatch feeds list")
                yield Finding(Level.WARNING, watch.name, 0, f"no feed has the {what} {name}", todo)


def find_lost_values(text: str) -> Iterator[tuple[int, int, Finding]]:
    """(line, column, warning) of each # that begins a comment, and was likely meant as a part of the value."""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _ONLY_COMMENT.match(line):
            what = f"{found[1]} has no value, since # begins a comment in YAML"
            todo = f'write {found[1]}: "{found[2]}"'
        elif found := _HASHTAG.match(line):
            what = f"{found[2]} is no part of the {found[1]}, since # begins a comment in YAML"
            todo = "put the whole value in 'single quotes' if it is meant, or a blank behind the #"
        else:
            continue
        yield number, found.start(2) + 1, Finding(Level.WARNING, "", 0, what, todo)


def _find_channel_warnings(watches: Sequence[Watch]) -> Iterator[Finding]:
    """Channels that are nobody's, each at the first watch that has it."""
    for watch in {w.channel: w for w in reversed(watches)}.values():
        channel = watch.channel
        if channel.lower().startswith(SCHEMES) or SLACK_ID.fullmatch(channel):
            continue
        todo = _channel_advice(channel)
        if todo:
            what = f"channel {channel} is none that Slack can have"
            yield Finding(Level.WARNING, watch.name, 0, what, todo)


def _channel_advice(channel: str) -> str:
    """What to write instead of a channel; "" where it may be one of Slack's."""
    if _MAIL.fullmatch(channel):
        return f"did you mean mailto:{channel}?"
    head, colon, _ = channel.partition(":")
    if colon:
        known = [s for s in SCHEMES if s.endswith(":")]
        return suggest_name(f"{head}:", known, "write #name, mailto:... or webhook:...")
    if not _SLACK_NAME.fullmatch(channel) or len(channel) > _MAX_NAME + 1:
        name = re.sub(r"[^\w-]+", "-", channel.strip().lower().lstrip("#@")).strip("-_")[:_MAX_NAME]
        form = "a name has lower-case letters, digits, - and _, at most 80"
        return f"did you mean #{name}? {form}" if name else form
    return ""


def _find_stray_signs(watch: Watch, clause: Clause) -> Iterator[Finding]:
    """The first comma or semicolon between words: the query language reads it as a blank, so that all words count."""
    for part in clause.walk():
        if not isinstance(part, Term) or part.source[:1] in "\"'":
            continue
        for found in re.finditer("[,;]", part.source):
            before, after = part.source[: found.start()], part.source[found.end() :]
            if before[-1:].isdigit() and after[:1].isdigit():
                continue  # 1,000
            how = "in a row" if after else "all of them"
            what = f"{found[0]} is read as a blank here, so the words around it are wanted {how}"
            todo = 'write OR in its place, or put the words in "quotes" when they are said so'
            yield Finding(Level.WARNING, watch.name, part.column + found.start(), what, todo)
            return
