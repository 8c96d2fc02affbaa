"""feedparser, watched: the same result, and whether an item changed how the next one is read.

feedparser is one object that remembers: the language, the base address, the namespaces, the elements that were never
closed. An item that leaves all of that as it found it can be left out without changing what is said of the others.
Instead of listing the kinds of markup that do not, its whole memory is compared before the first item and after each.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import feedparser
import feedparser.api as api
import xxhash

from podwatch.errors import FeedError
from podwatch.feeds import well_formed as wellformed

# What an item may change: its own entry, and what the start or the end of an item sets anew.
_OWN = {"entries", "property_depth_map", "guidislink", "title_depth", "hasContent", "inentry"}
# What is compared in a form of its own.
_SHAPED = {"feeddata", "elementstack", "basestack", "langstack", "baseuri", "lang", "depth", "watch"}
_OWN |= {"_locator", "decls", "exc", "bozo"}
# Names that stay on the stack of open elements. Whatever takes one of them off has put another on top before, so they
# only hide what lies below.
_INERT = {"item", "content", "itunes_image"}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class FeedparserResult:
    """feedparser's result. strict: it was well-formed. leaks: an item changed the parser. context: a hash of what the
    parser knew before the first item, apart from the feed's own facts."""

    raw: Any
    is_well_formed: bool
    has_leaks: bool
    context_hash: int


class _ParseState:
    """What is remembered while a document is parsed."""

    def __init__(self) -> None:
        self.active: dict[str | None, list[str]] = {}
        self.declared: list[tuple[str | None, str]] = []
        self.ended = self.leaks = False
        self.before: tuple[Any, ...] | None = None
        self.context = 0


class _Parser(api.StrictFeedParser):  # type: ignore[misc]
    def __init__(self, *args: Any) -> None:
        self.watch = _ParseState()
        super().__init__(*args)

    def endDocument(self) -> None:
        self.watch.ended = True
        super().endDocument()

    def startPrefixMapping(self, prefix: str | None, uri: str) -> None:
        self.watch.declared.append((prefix, uri))
        super().startPrefixMapping(prefix, uri)

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        declared, self.watch.declared = self.watch.declared, []
        for prefix, uri in declared:
            self.watch.active.setdefault(prefix, []).append(uri)
        if declared and name[1].lower() in ("item", "entry"):
            self.watch.leaks = True  # the item would vouch for declarations that the head no longer makes
        super().startElementNS(name, qname, attrs)

    def endPrefixMapping(self, prefix: str | None) -> None:
        stack = self.watch.active.get(prefix)
        if stack:
            stack.pop()

    def _start_item(self, attrs_d: Any) -> None:
        notes = self.watch
        if self.inentry or self.insource:
            notes.leaks = True
        elif notes.before is None:
            notes.before = copy.deepcopy(self._memory())
            notes.context = self._context()
            notes.leaks |= any(name not in _INERT for name, *_ in self.elementstack)
        super()._start_item(attrs_d)

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()
        notes = self.watch
        if not notes.leaks:
            notes.leaks = self._memory() != notes.before or any(n not in _INERT for n, *_ in self.elementstack)

    _end_entry = _end_item

    def _start_textinput(self, attrs_d: Any) -> None:
        self.watch.leaks |= bool(self.inentry)
        super()._start_textinput(attrs_d)

    _start_textInput = _start_textinput

    def _memory(self) -> tuple[Any, ...]:
        """All that the parser remembers, as it will be once the element that starts or ends here is closed."""
        # An item's image is written over the feed's when the feed has one. That one is never read, so it may.
        feed = {k: v for k, v in self.feeddata.items() if k != "image"}
        return feed, self.basestack[:-1], self.langstack[:-1], self.depth, self._rest()

    def _rest(self) -> dict[str, Any]:
        rest = {k: v for k, v in vars(self).items() if k not in _OWN and k not in _SHAPED}
        # None is never asked for, and a prefix that means itself need not be known. Elements of the namespaces that
        # feedparser has a prefix for take that one, whatever is in use.
        rest["namespacemap"] = {k: v for k, v in self.namespacemap.items() if k is not None and k != v}
        standard = set(self._matchnamespaces.values()) - {""}
        rest["namespaces_in_use"] = {k: v for k, v in self.namespaces_in_use.items() if k not in standard}
        return rest

    def _context(self) -> int:
        active = sorted((str(prefix), stack[-1]) for prefix, stack in self.watch.active.items() if stack)
        bases = [_without_query(base) for base in self.basestack[:-1]]
        shape = (active, bases, self.langstack[:-1], self.depth, "image" in self.feeddata, self._rest())
        return xxhash.xxh3_64_intdigest(repr((shape, feedparser.__version__)).encode("utf-8", "replace"))


def _without_query(address: str) -> str:
    """Addresses that carry a token of the day are the same place."""
    try:
        return urlsplit(address)._replace(query="", fragment="").geturl()
    except ValueError:
        return address


def parse_with_feedparser(document: bytes, url: str, content_type: str) -> FeedparserResult:
    """The document as feedparser sees it, bytes only: given a string it would open files and addresses."""
    made: list[_Parser] = []

    def make(*args: Any) -> _Parser:
        made.append(_Parser(*args))
        return made[-1]

    headers = {"content-type": content_type, "content-location": url}
    with _lock:
        original, api.StrictFeedParser = api.StrictFeedParser, make
        drivers, api.PREFERRED_XML_PARSERS = api.PREFERRED_XML_PARSERS, [wellformed.__name__]
        try:
            raw = feedparser.parse(document, response_headers=headers)
        except MemoryError:
            raise
        except Exception as e:  # noqa: BLE001 - feedparser has bugs that strangers find; each is one feed's failure
            raise FeedError(f"breaks the parser ({type(e).__name__}: {str(e)[:80]})", where=url) from None
        finally:
            api.StrictFeedParser = original
            api.PREFERRED_XML_PARSERS = drivers
    notes = made[0].watch if made else _ParseState()
    return FeedparserResult(raw, notes.ended, notes.leaks, notes.context)
