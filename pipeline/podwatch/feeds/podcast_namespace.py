"""The tags that feedparser loses: the podcast namespace, and whatever an item says more than once.

They are read from the document itself, by namespace and not by prefix; document_parser.py pairs them with feedparser's
items. The result is plain values: texts and attributes, in the document's order. Source: the podcast namespace 1.0.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

NAMESPACES = {
    "https://podcastindex.org/namespace/1.0": "podcast",
    "https://podcastindex.org/namespace/1.0/": "podcast",
    "http://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://www.w3.org/2005/atom": "atom",
    "http://podlove.org/simple-chapters": "psc",
    "http://podlove.org/simple-chapters/": "psc",
    "https://podlove.org/simple-chapters": "psc",
}
# Their elements have no prefix in a short name.
PLAIN_NAMESPACES = ("", "http://purl.org/rss/1.0/", "http://backend.userland.com/rss2", "http://www.w3.org/2005/Atom")
_DECLARATION = re.compile(rb"^(\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>)?")  # the encoding is what feedparser found it to be
_ITEMS = ("item", "entry")
_WANTED = {  # by short name
    *("guid", "link", "description", "ttl", "skipHours", "atom:id", "id"),
    *(f"podcast:{t}" for t in ("transcript", "person", "chapters", "season", "episode", "guid", "block", "soundbite")),
    *(f"podcast:{t}" for t in ("updateFrequency", "alternateEnclosure")),
    *(f"itunes:{t}" for t in ("season", "episode", "episodeType", "author", "block", "new-feed-url", "complete")),
    *("itunes:title", "podcast:liveItem", "psc:chapters"),
    *("itunes:summary", "content:encoded", "itunes:duration", "sy:updatePeriod", "sy:updateFrequency"),
}


@dataclass(slots=True)
class Tag:
    """One element: its text, its attributes, and its children (without theirs)."""

    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Tag] = field(default_factory=list)


Tags = dict[str, list[Tag]]
NO_TAG = Tag()


@dataclass(slots=True)
class DocumentTags:
    """The wanted tags of the channel and of each item, by short name (``podcast:person``)."""

    channel: Tags = field(default_factory=dict)
    items: list[Tags] = field(default_factory=list)


def read_tags(document: bytes, encoding: str) -> DocumentTags:
    """The tags of a document, up to where it can be read; holds one item in memory at a time."""
    tags = DocumentTags()
    try:
        parser: Any = etree.iterparse(
            io.BytesIO(_DECLARATION.sub(b"", document[:200], count=1).lstrip() + document[200:]),
            events=("end",),
            tag=tuple(f"{{*}}{name}" for name in (*_ITEMS, "channel", "feed")),
            recover=True,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            encoding=encoding or None,
        )
        for _, element in parser:
            name = _short_name(element)
            if name in _ITEMS or name in ("atom:item", "atom:entry"):
                tags.items.append(_read_children(element))
                element.clear(keep_tail=False)
            elif not tags.channel and name in ("channel", "feed", "atom:feed"):
                tags.channel = _read_children(element)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        pass
    return tags


def _read_children(parent: Any) -> Tags:
    tags: Tags = defaultdict(list)
    for child in parent:
        if isinstance(child.tag, str) and (name := _short_name(child)) in _WANTED:
            tag = _read_tag(child)
            tag.children = [_read_tag(c) for c in child if isinstance(c.tag, str)]
            tags[name].append(tag)
    return tags


def _read_tag(element: Any) -> Tag:
    text = element.text or ""
    for child in element if len(element) else ():
        if child.tag is etree.Entity:  # one that the document declares: it is not followed, and ends no text
            text += f"{child.text}{child.tail or ''}"
    return Tag(text, dict(element.attrib))


def _short_name(element: Any) -> str:
    """``podcast:person`` for that tag, whatever prefix the document uses; a plain tag's own name.

    A tag without a prefix is plain in whatever namespace the document takes for its own, unless that is a known one.
    """
    space, _, local = element.tag.rpartition("}")
    space = space[1:]
    if not space or space in PLAIN_NAMESPACES[1:3]:
        return str(local)
    prefix = NAMESPACES.get(space) or NAMESPACES.get(space.lower())
    if prefix is None and element.prefix is None:
        return str(local)
    return f"{prefix or '?'}:{local}"
