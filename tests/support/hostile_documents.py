"""Documents that were made, or would be made, to hurt whoever reads them."""

from __future__ import annotations

FEED_HEAD = b"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
FEED_END = b"</channel></rss>"


def feed_with_item(inner: bytes) -> bytes:
    return FEED_HEAD + b"<item><guid>one</guid>" + inner + b"</item>" + FEED_END


def _attributes(count: int) -> bytes:
    return b"<x " + b" ".join(b"a%d='1'" % n for n in range(count)) + b"/>"


_LOL = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))

HOSTILE_DOCUMENTS: dict[str, bytes] = {
    "100,000 attributes": feed_with_item(_attributes(100_000)),
    "an author of 128 KB": feed_with_item(b"<author>" + b"a." * 64_000 + b"</author>"),
    "an author of 128 KB without an at sign": feed_with_item(b"<author>" + b"a" * 128_000 + b"</author>"),
    "100,000 nested tags": feed_with_item(b"<a>" * 100_000 + b"</a>" * 100_000),
    "50,000 nested tags in HTML": feed_with_item(b"<description><![CDATA[" + b"<b>" * 50_000 + b"]]></description>"),
    "nested tags that never close": FEED_HEAD + b"<item>" + b"<a>" * 50_000,
    "a billion laughs": b"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY l0 'lol'>"
    + _LOL
    + b"]>"
    + feed_with_item(b"&l9;")[21:],
    "an external entity": b"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    + feed_with_item(b"<title>&x;</title>")[21:],
    "an external DTD": b"<!DOCTYPE rss SYSTEM 'http://127.0.0.1:9/x.dtd'>" + feed_with_item(b"")[21:],
    "a million openers of comments": FEED_HEAD + b"<!--" * 1_000_000 + b"<item></item>" + FEED_END,
    "a million openers of CDATA": FEED_HEAD + b"<item>" + b"<![CDATA[" * 1_000_000 + b"</item>" + FEED_END,
    "20,000 item tags": FEED_HEAD + b"<item>" * 20_000 + FEED_END,
    "20,000 empty items": FEED_HEAD + b"<item></item>" * 20_000 + FEED_END,
    "200,000 less-than signs": feed_with_item(b"<description><![CDATA[" + b"<" * 200_000 + b"]]></description>"),
    "200,000 ampersands": feed_with_item(b"<description>" + b"&" * 200_000 + b"</description>"),
    "10 MB of one text": feed_with_item(b"<description>" + b"word " * 2_000_000 + b"</description>"),
    "10 MB of nothing": b" " * 10_000_000,
    "a million spaces in a tag": feed_with_item(b"<title" + b" " * 1_000_000 + b">x</title>"),
    "20,000 transcripts": feed_with_item(b"<podcast:transcript url='/a' type='text/vtt'/>" * 20_000),
    "30,000 namespaces": feed_with_item(b"".join(b"<n%d:a xmlns:n%d='urn:%d'/>" % (n, n, n) for n in range(30_000))),
    "a number of a million digits": feed_with_item(b"<itunes:duration>" + b"9" * 1_000_000 + b"</itunes:duration>"),
    "a date of a megabyte": feed_with_item(b"<pubDate>" + b"Tue, 03 Nov " * 80_000 + b"</pubDate>"),
    "a megabyte of NUL": feed_with_item(b"<title>" + b"\0" * 1_000_000 + b"</title>"),
    "an encoding that is a codec": feed_with_item(b"").replace(b"version='1.0'?", b"version='1.0' encoding='zip'?"),
    "an encoding that is another": feed_with_item(b"").replace(b"version='1.0'?", b"version='1.0' encoding='idna'?"),
    "an address of a megabyte": feed_with_item(b"<enclosure url='http://a.example/" + b"x/" * 500_000 + b"'/>"),
    "a chain of a thousand tracking hosts": feed_with_item(
        b"<enclosure url='http://a.example" + b"/b.example" * 100_000 + b"/c.mp3'/>"
    ),
}
