"""Where the cut is sure of itself, and why it is not: each doubt by name."""

from __future__ import annotations

import pytest

from podwatch.feeds import Whole
from podwatch.feeds import item_scanner as scanner

TWO = "<item><guid>a</guid></item>\n<item><guid>b</guid></item>"


def rss(items: str, *, head: str = "<title>T</title>", end: str = "</channel></rss>") -> bytes:
    return f"<rss><channel>{head}{items}{end}".encode()


def verdict(body: bytes) -> Whole | int:
    """The doubt, or the number of items."""
    cut = scanner.cut(body)
    if isinstance(cut, Whole):
        return cut
    doubts = [scanner.sound(body, cut.tag, a, b) for a, b in zip(cut.starts, cut.ends, strict=True)]
    return next((d for d in doubts if d), len(cut.starts))


SURE = {
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

UNSURE = {
    "nothing": (b"", Whole.NO_ITEMS),
    "no items": (rss(""), Whole.NO_ITEMS),
    "upper-case items": (rss("<ITEM></ITEM>"), Whole.NO_ITEMS),
    "UTF-16": (rss(TWO).decode().encode("utf-16"), Whole.ENCODING),
    "UTF-32": (rss(TWO).decode().encode("utf-32"), Whole.ENCODING),
    "UTF-16 without a mark": (rss(TWO).decode().encode("utf-16-le"), Whole.ENCODING),
    "a document type": (b"<!DOCTYPE rss>" + rss(TWO), Whole.DOCTYPE),
    "entities": (b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss(TWO), Whole.DOCTYPE),
    "an item that does not end": (rss("<item>"), Whole.UNFINISHED),
    "a comment that does not end": (rss(TWO, head="<!-- "), Whole.UNFINISHED),
    "a comment in the head that holds an item": (rss(TWO, head="<!-- <item></item> -->"), Whole.UNFINISHED),
    "the end of an item in CDATA": (rss("<item><![CDATA[</item>]]></item>"), Whole.BETWEEN),
    "the start of an item in CDATA": (rss("<item><![CDATA[<item>]]></item>"), 1),
    "the end of an item in a comment": (rss("<item><!--</item>--></item>"), Whole.BETWEEN),
    "CDATA that does not end": (rss("<item><![CDATA[</item>"), Whole.HIDDEN),
    "items in items": (rss("<item><item></item></item>"), Whole.BETWEEN),
    "an empty item tag": (rss("<item/>" + TWO), Whole.HIDDEN),
    "a blank in the end tag": (rss("<item></item ><item></item>"), Whole.HIDDEN),
    "text between items": (rss("<item></item>text<item></item>"), Whole.BETWEEN),
    "elements between items": (rss("<item></item><title/><item></item>"), Whole.BETWEEN),
    "an ill-formed comment between items": (rss("<item></item><!-- a -- b --><item></item>"), Whole.BETWEEN),
    "an instruction in an item": (rss("<item><?php ?></item>"), Whole.INSTRUCTION),
    "an instruction at the end": (rss(TWO, end="<?php ?>"), Whole.INSTRUCTION),
    "a declaration in an item": (rss("<item><!ENTITY x 'y'></item>"), Whole.DOCTYPE),
}


@pytest.mark.parametrize(("body", "items"), SURE.values(), ids=SURE)
def test_it_is_sure_of(body: bytes, items: int) -> None:
    assert verdict(body) == items


@pytest.mark.parametrize(("body", "doubt"), UNSURE.values(), ids=UNSURE)
def test_it_is_not_sure_of(body: bytes, doubt: Whole | int) -> None:
    assert verdict(body) == doubt
