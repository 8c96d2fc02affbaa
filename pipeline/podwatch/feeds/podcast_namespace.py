"""The tags that feedparser loses: the podcast namespace, and whatever an item says more than once.

Read from the document itself, by namespace and not by prefix, and laid beside feedparser's items. Only plain values
come out: strings and lists of attributes, in the document's order.
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
}
PLAIN_NAMESPACES = ("", "http://purl.org/rss/1.0/", "http://backend.userland.com/rss2", "http://www.w3.org/2005/Atom")
_DECLARATION = re.compile(rb"^(\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>)?")  # the encoding is what feedparser found it to be
_ITEMS = tuple(f"{{{space}}}{tag}" if space else tag for space in PLAIN_NAMESPACES for tag in ("item", "entry"))
_WANTED = {
    *("guid", "enclosure", "link", "description", "ttl", "skipHours", "author", "atom:id", "atom:link"),
    *(f"podcast:{t}" for t in ("transcript", "person", "chapters", "season", "episode", "guid", "block", "soundbite")),
    *(f"podcast:{t}" for t in ("updateFrequency", "alternateEnclosure")),
    *(f"itunes:{t}" for t in ("season", "episode", "episodeType", "author", "block", "new-feed-url", "complete")),
    *("itunes:summary", "content:encoded", "itunes:duration", "sy:updatePeriod", "sy:updateFrequency"),
}


@dataclass(slots=True)
class Tag:
    """One element: its text, its attributes, and for those that need it their children's."""

    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Tag] = field(default_factory=list)


Tags = dict[str, list[Tag]]
NO_TAG = Tag()


@dataclass(slots=True)
class DocumentTags:
    """The kept tags of the channel and of each item, by short name (``podcast:person``)."""

    channel: Tags = field(default_factory=dict)
    items: list[Tags] = field(default_factory=list)


def read_tags(document: bytes, encoding: str) -> DocumentTags:
    """The tags of a document, as far as it can be read; never more than one item in memory."""
    extras = DocumentTags()
    try:
        parser: Any = etree.iterparse(
            io.BytesIO(_DECLARATION.sub(b"", document[:200], count=1).lstrip() + document[200:]),
            events=("end",),
            tag=(*_ITEMS, "channel", "{*}channel", "{*}feed"),
            recover=True,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            encoding=encoding or None,
        )
        for _, element in parser:
            if _short_name(element.tag).rpartition(":")[2] in ("item", "entry"):
                extras.items.append(_tags(element))
                element.clear(keep_tail=False)
            elif not extras.channel:
                extras.channel = _tags(element)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        pass
    return extras


def _tags(parent: Any) -> Tags:
    found: Tags = defaultdict(list)
    for child in parent:
        if not isinstance(child.tag, str):
            continue
        name = _short_name(child.tag)
        if name in _WANTED:
            nested = [_tag(c) for c in child if isinstance(c.tag, str)] if len(child) else []
            found[name].append(Tag(child.text or "", dict(child.attrib), nested))
    return found


def _tag(element: Any) -> Tag:
    return Tag(element.text or "", dict(element.attrib))


def _short_name(tag: str) -> str:
    """``podcast:person`` for the tag of that namespace, whatever its prefix; a feed's own tags have none."""
    space, _, local = tag.rpartition("}")
    space = space[1:]
    if not space or space in PLAIN_NAMESPACES[1:3]:
        return local
    prefix = NAMESPACES.get(space) or NAMESPACES.get(space.lower(), "?")
    return f"{prefix}:{local}"
