"""Links of a message to the page, at the second of the sentence: publishers' own pages rarely go there.

Where no address of the page is set (PODWATCH_PAGE_URL) a message links to the publisher's audio, as before.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeVar

from podwatch.model import Alert, Digest, Mention

Content = TypeVar("Content", bound=Alert | Digest)


def with_page(content: Content, page: str) -> Content:
    """The same alert or digest, its alerts with the address of the page."""
    if not page:
        return content
    if isinstance(content, Alert):
        return replace(content, page=page)
    return replace(content, alerts=tuple(replace(a, page=page) for a in content.alerts))


def page_link(alert: Alert, mention: Mention | None) -> str | None:
    """The sentence on the page, ready to be heard from its second; None where there is no page to show it.

    The segment is in the fragment, so that the sentence is found without a script, too.
    """
    if not alert.page or not alert.episode.id:
        return None
    address = f"{alert.page}/episodes/{alert.episode.id}"
    if mention is None:
        return address
    heard = math.isfinite(mention.seconds) and mention.seconds >= 0
    return f"{address}{f'?t={int(mention.seconds)}' if heard else ''}#s{mention.segment}"
