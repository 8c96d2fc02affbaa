"""Which documents can be read in parts, and each reason why another is parsed whole."""

from __future__ import annotations

import pytest

from podwatch.feeds import WholeReason
from podwatch.feeds.item_scanner import check_item, scan_items

TWO = "<item><guid>a</guid></item>\n<item><guid>b</guid></item>"


def rss(items: str, *, head: str = "<title>T</title>", end: str = "</channel></rss>") -> bytes:
    return f"<rss><channel>{head}{items}{end}".encode()


def scan(body: bytes) -> WholeReason | int:
    """The reason to parse the document whole, or the number of items."""
    spans = scan_items(body)
    if isinstance(spans, WholeReason):
        return spans
    reasons = [check_item(body, spans.tag, a, b) for a, b in zip(spans.starts, spans.ends, strict=True)]
    return next((r for r in reasons if r), len(spans.starts))


IN_PARTS = {
    "items side by side": (rss(TWO), 2),
    "items with blanks between them": (rss("<item/>".replace("/", "></item") + " \t\r\n" + TWO), 3),
    "items with attributes": (rss("<item rdf:about='x'>1</item><item\n>2</item>"), 2),
    "entries": (b"<feed><entry>1</entry><entry>2</entry></feed>", 2),
    "items outside the channel": (rss(TWO, head="</channel>", end="</rdf:RDF>"), 2),
    "tags that begin like an item": (rss("<item><itemize/><items>x</items></item>", head="<items/>"), 1),
    "CDATA and comments inside an item": (rss("<item><![CDATA[ <p> ]]><!-- x --></item>"), 1),
    "comments between items": (rss("<item>1</item><!-- one - two --><item>2</item>"), 2),
    "a comment that speaks of items in the head": (rss(TWO, head="<!-- no item here -->"), 2),
    "a declaration and a style sheet": (b"<?xml version='1.0'?><?xml-stylesheet href='x'?>" + rss(TWO), 2),
    "a UTF-8 byte order mark": (b"\xef\xbb\xbf" + rss(TWO), 2),
}

WHOLE = {
    "nothing": (b"", WholeReason.NO_ITEMS),
    "no items": (rss(""), WholeReason.NO_ITEMS),
    "upper-case items": (rss("<ITEM></ITEM>"), WholeReason.NO_ITEMS),
    "UTF-16": (rss(TWO).decode().encode("utf-16"), WholeReason.ENCODING),
    "UTF-32": (rss(TWO).decode().encode("utf-32"), WholeReason.ENCODING),
    "UTF-16 without a mark": (rss(TWO).decode().encode("utf-16-le"), WholeReason.ENCODING),
    "a document type": (b"<!DOCTYPE rss>" + rss(TWO), WholeReason.DOCTYPE),
    "entities": (b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss(TWO), WholeReason.DOCTYPE),
    "an item that does not end": (rss("<item>"), WholeReason.UNFINISHED),
    "a comment that does not end": (rss(TWO, head="<!-- "), WholeReason.UNFINISHED),
    "a comment in the head that holds an item": (rss(TWO, head="<!-- <item></item> -->"), WholeReason.UNFINISHED),
    "the end of an item in CDATA": (rss("<item><![CDATA[</item>]]></item>"), WholeReason.BETWEEN),
    "the start of an item in CDATA": (rss("<item><![CDATA[<item>]]></item>"), 1),
    "the end of an item in a comment": (rss("<item><!--</item>--></item>"), WholeReason.BETWEEN),
    "CDATA that does not end": (rss("<item><![CDATA[</item>"), WholeReason.HIDDEN),
    "items in items": (rss("<item><item></item></item>"), WholeReason.BETWEEN),
    "an empty item tag": (rss("<item/>" + TWO), WholeReason.HIDDEN),
    "a blank in the end tag": (rss("<item></item ><item></item>"), WholeReason.HIDDEN),
    "text between items": (rss("<item></item>text<item></item>"), WholeReason.BETWEEN),
    "elements between items": (rss("<item></item><title/><item></item>"), WholeReason.BETWEEN),
    "an ill-formed comment between items": (rss("<item></item><!-- a -- b --><item></item>"), WholeReason.BETWEEN),
    "an instruction in an item": (rss("<item><?php ?></item>"), WholeReason.INSTRUCTION),
    "an instruction at the end": (rss(TWO, end="<?php ?>"), WholeReason.INSTRUCTION),
    "a declaration in an item": (rss("<item><!ENTITY x 'y'></item>"), WholeReason.DOCTYPE),
}


@pytest.mark.parametrize(("body", "items"), IN_PARTS.values(), ids=IN_PARTS)
def test_a_document_can_be_read_in_parts(body: bytes, items: int) -> None:
    assert scan(body) == items


@pytest.mark.parametrize(("body", "reason"), WHOLE.values(), ids=WHOLE)
def test_a_document_is_parsed_whole(body: bytes, reason: WholeReason | int) -> None:
    assert scan(body) == reason
