"""feedparser with its state watched: the same result, and whether an item changed how the next one is read.

feedparser is one object with state: the language, the base address, the namespaces, the elements that were never
closed. An item that leaves all of it as it was can be left out without changing what is read of the others. Instead of
listing the kinds of markup that change it, its whole state is compared before the first item and after each.
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
from feedparser import datetimes

from podwatch.errors import FeedError
from podwatch.feeds import well_formed
from podwatch.feeds.dates import parse_for_feedparser

# Attributes that an item may change: its own entry, and what the start or the end of an item sets anew.
_ITEM_STATE = {"entries", "property_depth_map", "guidislink", "title_depth", "hasContent", "inentry"}
_ITEM_STATE |= {"_locator", "decls", "exc", "bozo"}
# Attributes that _state and _context_hash compare in a form of their own.
_COMPARED_APART = {"feeddata", "elementstack", "basestack", "langstack", "baseuri", "lang", "depth", "watch"}
# Names that stay on the stack of open elements. Whatever takes one of them off has put another on top before, so they
# only hide what lies below.
_HARMLESS = {"item", "content", "itunes_image"}
# Its own readers of the common forms take "12" for the year 1101, and a time alone for today's.
_KEPT_DATES = {f"_parse_date_{name}" for name in ("onblog", "nate", "greek", "hungarian")}
datetimes._date_handlers[:] = [f for f in datetimes._date_handlers if f.__name__ in _KEPT_DATES]
feedparser.registerDateHandler(parse_for_feedparser)
_lock = threading.Lock()  # over the names of feedparser.api that are replaced while a document is parsed


@dataclass(frozen=True, slots=True)
class FeedparserResult:
    """feedparser's result for a document, and what was seen of its state.

    is_well_formed: the document is. has_leaks: an item changed how the next one is read. context_hash: of the state
    before the first item, apart from the feed's own facts.
    """

    raw: Any
    is_well_formed: bool
    has_leaks: bool
    context_hash: int


class _Watch:
    """What is recorded while a document is parsed.

    bindings: the addresses that each prefix is bound to, innermost last. declared: bindings of the element that
    starts next. before: the state before the first item.
    """

    def __init__(self) -> None:
        self.bindings: dict[str | None, list[str]] = {}
        self.declared: list[tuple[str | None, str]] = []
        self.ended = self.has_leaks = False
        self.before: tuple[Any, ...] | None = None
        self.context_hash = 0


class _WatchedParser(api.StrictFeedParser):  # type: ignore[misc]
    def __init__(self, *args: Any) -> None:
        self.watch = _Watch()
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
            self.watch.bindings.setdefault(prefix, []).append(uri)
        if declared and name[1].lower() in ("item", "entry"):
            self.watch.has_leaks = True  # the item would vouch for declarations that the head no longer makes
        super().startElementNS(name, qname, attrs)

    def endPrefixMapping(self, prefix: str | None) -> None:
        stack = self.watch.bindings.get(prefix)
        if stack:
            stack.pop()

    def _start_item(self, attrs_d: Any) -> None:
        watch = self.watch
        if self.inentry or self.insource:
            watch.has_leaks = True
        elif watch.before is None:
            watch.before = copy.deepcopy(self._state())
            watch.context_hash = self._context_hash()
            watch.has_leaks |= self._has_open_elements()
        super()._start_item(attrs_d)

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()
        if not self.watch.has_leaks:
            self.watch.has_leaks = self._state() != self.watch.before or self._has_open_elements()

    _end_entry = _end_item

    def _start_textinput(self, attrs_d: Any) -> None:
        self.watch.has_leaks |= bool(self.inentry)
        super()._start_textinput(attrs_d)

    _start_textInput = _start_textinput

    def _has_open_elements(self) -> bool:
        return any(name not in _HARMLESS for name, *_ in self.elementstack)

    def _state(self) -> tuple[Any, ...]:
        """The parser's state, as it will be once the element that starts or ends here is closed."""
        # An item's image is written over the feed's when the feed has one. It is never read, so it may be.
        feed = {k: v for k, v in self.feeddata.items() if k != "image"}
        return feed, self.basestack[:-1], self.langstack[:-1], self.depth, self._other_attributes()

    def _other_attributes(self) -> dict[str, Any]:
        rest = {k: v for k, v in vars(self).items() if k not in _ITEM_STATE and k not in _COMPARED_APART}
        # None is never looked up, and a prefix that means itself need not be known. Elements of the namespaces that
        # feedparser has a prefix for take that one, whatever is in use.
        rest["namespacemap"] = {k: v for k, v in self.namespacemap.items() if k is not None and k != v}
        standard = set(self._matchnamespaces.values()) - {""}
        rest["namespaces_in_use"] = {k: v for k, v in self.namespaces_in_use.items() if k not in standard}
        return rest

    def _context_hash(self) -> int:
        bindings = sorted((str(prefix), stack[-1]) for prefix, stack in self.watch.bindings.items() if stack)
        bases = [_without_query(base) for base in self.basestack[:-1]]
        rest = self._other_attributes()
        context = (bindings, bases, self.langstack[:-1], self.depth, "image" in self.feeddata, rest)
        return xxhash.xxh3_64_intdigest(repr((context, feedparser.__version__)).encode("utf-8", "replace"))


def _without_query(address: str) -> str:
    """The address without its query: with a token of the day in it, it is the same place."""
    try:
        return urlsplit(address)._replace(query="", fragment="").geturl()
    except ValueError:
        return address


def parse_with_feedparser(document: bytes, url: str, content_type: str) -> FeedparserResult:
    """Parses bytes only: of a string feedparser would open the file or address. Raises FeedError where it breaks."""
    parsers: list[_WatchedParser] = []

    def make_parser(*args: Any) -> _WatchedParser:
        parsers.append(_WatchedParser(*args))
        return parsers[-1]

    headers = {"content-type": content_type, "content-location": url}
    with _lock:
        original, api.StrictFeedParser = api.StrictFeedParser, make_parser
        drivers, api.PREFERRED_XML_PARSERS = api.PREFERRED_XML_PARSERS, [well_formed.__name__]
        try:
            raw = feedparser.parse(document, response_headers=headers)
        except MemoryError:
            raise
        except Exception as e:  # noqa: BLE001 - feedparser has bugs that strangers find; each is one feed's failure
            raise FeedError(f"breaks the parser ({type(e).__name__}: {str(e)[:80]})", where=url) from None
        finally:
            api.StrictFeedParser = original
            api.PREFERRED_XML_PARSERS = drivers
    watch = parsers[0].watch if parsers else _Watch()
    return FeedparserResult(raw, watch.ended, watch.has_leaks, watch.context_hash)
