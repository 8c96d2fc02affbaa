"""Decides which parts of addresses are passing: tokens, expiries and cache-busters, which name no other file.

Pure. Not by their names, but by what was seen: a part that changed for every item of a document at once, while the rest
of the address stayed, tells nothing about the item; unless two items that stand beside each other differ in nothing
else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from urllib.parse import urlsplit

from podwatch.model import Episode, TranscriptRef
from podwatch.policy.compared_addresses import MAX_COMPARED_LENGTH

MAX_HOSTS = 200  # of which something is remembered: those that were seen last
MAX_PARTS = 20  # of a host
MAX_PAIRS = 5_000  # that are looked at
LEAST = 2  # items of which the part has changed at once

PassingParts = Mapping[str, frozenset[str]]  # by host: "?name" of the query, "/3/5" for the third of five in the path


def split_parts(url: str) -> tuple[str, dict[str, str]]:
    """(host, the parts of path and query by their names); ("", {}) of what is no address."""
    try:
        parts = urlsplit(url) if len(url) <= MAX_COMPARED_LENGTH else urlsplit("")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return "", {}
    segments = [s for s in parts.path.split("/") if s]
    found = {f"/{i}/{len(segments)}": s for i, s in enumerate(segments, 1)}
    for field in sorted(f for f in parts.query.split("&") if f):
        name, _, value = field.partition("=")
        found[f"?{name}"] = f"{found.get(f'?{name}', '')}&{value}"
    return host, found


def changed_parts(old: str, new: str) -> tuple[str, frozenset[str]] | None:
    """(host, the names of the parts in which two addresses differ); None when they are of two hosts or two shapes.

    The last part of the path is the file's name: where that differs, too, these are two files.
    """
    (host, before), (other, after) = split_parts(old), split_parts(new)
    if not host or host != other or _shape(before) != _shape(after):
        return None
    changed = frozenset(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    last = _shape(before)
    return None if f"/{last}/{last}" in changed else (host, changed)


def _shape(parts: Mapping[str, str]) -> int:
    return sum(name.startswith("/") for name in parts)


def find_passing_parts(pairs: Iterable[tuple[int, str, str]], listed: Iterable[str]) -> dict[str, frozenset[str]]:
    """What passes in the addresses of a document.

    pairs: of each item its number, and one of its addresses as it was and as it is. listed: all that are listed now.
    """
    changed: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    stayed: dict[str, set[str]] = defaultdict(set)
    for item, old, new in islice(pairs, MAX_PAIRS):
        differing = changed_parts(old, new)
        if differing is None:
            continue
        host, names = differing
        for name in names:
            changed[host][name].add(item)
        stayed[host] |= split_parts(new)[1].keys() - names
    found = {
        host: frozenset(sorted(n for n, items in names.items() if len(items) >= LEAST and n not in stayed[host]))
        for host, names in changed.items()
    }
    found = {host: names for host, names in found.items() if 0 < len(names) <= MAX_PARTS}
    return {host: names for host, names in found.items() if not _tells_apart(host, names, listed)} if found else {}


def _tells_apart(host: str, names: frozenset[str], listed: Iterable[str]) -> bool:
    """Whether two addresses of the host differ in nothing but these parts."""
    seen: dict[object, str] = {}
    for url in islice(listed, MAX_PAIRS):
        rest = lasting_parts(url, {host: names})
        if rest[0] == host and seen.setdefault(rest, url) != url:
            return True
    return False


def lasting_parts(url: str, passing: PassingParts) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The address without what passes, for comparison."""
    host, parts = split_parts(url)
    if not host:
        return url, ()
    gone = passing.get(host, frozenset())
    return host, tuple(sorted((n, value) for n, value in parts.items() if n not in gone))


def is_same_address(a: str, b: str, passing: PassingParts) -> bool:
    return a == b or lasting_parts(a, passing) == lasting_parts(b, passing)


def without_passing(e: Episode, passing: PassingParts) -> Episode:
    """The episode, for comparison, without the parameters that pass in the address of its audio."""
    host = split_parts(e.audio_url or "")[0]
    gone = passing.get(host, frozenset())
    if not e.audio_url or not any(name.startswith("?") for name in gone):
        return e
    head, _, query = e.audio_url.partition("#")[0].partition("?")
    kept = [f for f in query.split("&") if f"?{f.partition('=')[0]}" not in gone]
    return replace(e, audio_url=f"{head}?{'&'.join(kept)}" if kept else head)


def are_same_transcripts(a: Sequence[TranscriptRef], b: Sequence[TranscriptRef], passing: PassingParts) -> bool:
    """Whether two lists name the same documents, though what passes in their addresses has changed."""
    if len(a) != len(b):
        return False
    return all(
        (old.media_type, old.language, old.rel) == (new.media_type, new.language, new.rel)
        and is_same_address(old.url, new.url, passing)
        for old, new in zip(a, b, strict=True)
    )


def merge_passing(known: PassingParts, found: PassingParts) -> dict[str, frozenset[str]]:
    """What is remembered of all hosts, those of ``found`` last; the oldest are forgotten."""
    merged = {host: names for host, names in known.items() if host not in found}
    for host, names in found.items():
        both: Collection[str] = sorted(names) + sorted(known.get(host, frozenset()) - names)
        merged[host] = frozenset(list(both)[:MAX_PARTS])
    return dict(list(merged.items())[-MAX_HOSTS:])
