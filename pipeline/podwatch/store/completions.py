"""Names that the store knows, to complete what somebody types: of speakers, shows, entities, tags, channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from podwatch.redaction import display_address
from podwatch.store.connection import Rows
from podwatch.store.tables import entity_names, episodes, feeds, mentions, watches

NAMES = ("speaker", "feed", "entity", "lang", "tag", "channel", "watch")


class CompletionRows(Rows):
    def names_like(self, of: str, text: str, most: int) -> list[str]:
        """Some names of this kind that hold the text in any case, those that begin with it first, then the shortest.

        of: one of NAMES. The speakers are those of mentions: all that are known without reading a transcript.
        """
        if of == "tag":
            return _choose((t for r in self.read_rows(select(feeds.c.tags)) for t in r.tags), text, most)
        column: Any = {
            "speaker": mentions.c.speaker,
            "feed": feeds.c.title,
            "entity": entity_names.c.name,
            "lang": episodes.c.language,
            "channel": watches.c.channel,
            "watch": watches.c.name,
        }[of]
        query = select(column).where(column.is_not(None), column != "").group_by(column)
        query = query.where(column.icontains(text, autoescape=True)) if text else query
        query = query.order_by(func.length(column), column).limit(20 * most)
        if of in ("channel", "watch"):
            query = query.where(watches.c.enabled)
        found = [r[0] for r in self.read_rows(query)]
        if of == "feed" and len(found) < most:
            found += [display_address(r.url) for r in self.read_rows(select(feeds.c.url).where(feeds.c.title == ""))]
        return _choose(found, text, most)


def _choose(names: Iterable[str], text: str, most: int) -> list[str]:
    folded = text.casefold()
    fitting = {n for n in names if folded in n.casefold()}
    return sorted(fitting, key=lambda n: (not n.casefold().startswith(folded), len(n), n))[:most]
