"""One slip in a feed's bytes costs one character, and not the text or the address around it."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch import feeds
from podwatch.errors import FeedError
from podwatch.feeds.document_repair import mend_encoding, repair_document
from podwatch.model import Episode
from tests.support.feed_oracle import CONTENT_TYPE, URL
from tests.support.feed_parsers import InProcessParser

HEAD = (
    "<rss version='2.0' xmlns:podcast='https://podcastindex.org/namespace/1.0' "
    "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><title>Show</title>"
)


def read(body: bytes, kind: str = CONTENT_TYPE) -> feeds.FeedReading:
    return feeds.read_feed(body, URL, kind, None, InProcessParser())


def episode(item: str, before: str = "", channel: str = "") -> Episode:
    guid = "" if "<guid" in item else "<guid isPermaLink='false'>g</guid>"
    body = f"{before}{HEAD}{channel}<item>{guid}{item}</item></channel></rss>"
    return read(body.encode()).episodes[0]


# name: (what stands in the item, a field of the episode, what it is)
ITEMS: dict[str, tuple[str, Callable[[Episode], object], object]] = {
    "& in a transcript's address": (
        "<podcast:transcript url='https://a.example/t.vtt?a=1&lang=en&copy=2' type='text/vtt'/>",
        lambda e: e.transcripts[0].url,
        "https://a.example/t.vtt?a=1&lang=en&copy=2",
    ),
    "& in a chapters' address": (
        "<podcast:chapters url='https://a.example/c.json?a=1&b=2'/>",
        lambda e: e.chapters_url,
        "https://a.example/c.json?a=1&b=2",
    ),
    "& in a person's address": (
        "<podcast:person href='https://a.example/?id=1&reg=2'>Ann &amp; Bo</podcast:person>",
        lambda e: (e.persons[0].name, e.persons[0].href),
        ("Ann & Bo", "https://a.example/?id=1&reg=2"),
    ),
    "& in an enclosure": (
        "<enclosure url='https://a.example/x.mp3?a=1&b=2' type='audio/mpeg'/>",
        lambda e: e.audio_url,
        "https://a.example/x.mp3?a=1&b=2",
    ),
    "& in a guid": (
        "<guid isPermaLink='false'>https://a.example/?p=1&id=7</guid>",
        lambda e: e.guid,
        "https://a.example/?p=1&id=7",
    ),
    "& alone in a title": ("<title>Q & A, R&D and AT&T</title>", lambda e: e.title, "Q & A, R&D and AT&T"),
    "& in CDATA stays": ("<title><![CDATA[Q & A &amp; B]]></title>", lambda e: e.title, "Q & A & B"),
    "& in a comment stays": ("<!-- a & b < c --><title>T</title>", lambda e: e.title, "T"),
    "an entity of HTML": ("<title>Caf&eacute; &mdash; 1</title>", lambda e: e.title, "Café — 1"),
    "an entity that nobody knows": ("<title>A &foo; B</title>", lambda e: e.title, "A &foo; B"),
    "an entity in a podcast tag": (
        "<podcast:person>Ren&eacute; Caf&#233; &quot;Q&quot; Doe</podcast:person>",
        lambda e: e.persons[0].name,
        'René Café "Q" Doe',
    ),
    "an entity in an itunes tag": ("<itunes:author>M&uuml;ller &amp; Co</itunes:author>", lambda e: e.author, "Müller & Co"),
    "< before a blank": ("<title>3 < 5, and <3</title>", lambda e: e.title, "3 < 5, and <3"),
    "a control character": ("<title>A\x0bB\x00\x1fC</title>", lambda e: e.title, "ABC"),
    "comparisons in a title": ("<title>Is 3 &lt; 5 and 7 &gt; 2?</title>", lambda e: e.title, "Is 3 < 5 and 7 > 2?"),
    "a name in angle brackets": ("<title>vector&lt;int&gt; in depth</title>", lambda e: e.title, "vector<int> in depth"),
    "a title in CDATA": ("<title><![CDATA[I <heart> you]]></title>", lambda e: e.title, "I <heart> you"),
    "markup in a title": ("<title>A &lt;b class=\"x\"&gt;bold&lt;/b&gt; title&lt;br/&gt;</title>", lambda e: e.title, "A bold title"),
    "words that begin like markup": ("<title>a &lt;b and c&gt; d</title>", lambda e: e.title, "a <b and c> d"),
    "comparisons in notes": (
        "<description>for 3 &lt; 5 and 7 &gt; 2 &lt;p&gt;end&lt;/p&gt;</description>",
        lambda e: e.notes,
        "for 3 < 5 and 7 > 2 end",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ITEMS)
def test_what_stands_in_an_item_is_read_whole(case: str) -> None:
    item, field, expected = ITEMS[case]
    assert field(episode(item)) == expected
    assert (
        field(episode(item + "<description>never <b> closed</description>")) == expected
        or case == "comparisons in notes"
    )


def test_a_new_address_with_a_bare_ampersand_is_read_whole() -> None:
    channel = "<itunes:new-feed-url>https://b.example/f?a=1&lang=en</itunes:new-feed-url>"
    assert read(f"{HEAD}{channel}<item><guid>g</guid></item></channel></rss>".encode()).facts.moved_to == (
        "https://b.example/f?a=1&lang=en"
    )


DOCTYPES = {
    "an external one": "<!DOCTYPE rss PUBLIC '-//X//DTD' 'http://x.example/rss-0.91.dtd'>",
    "one that declares others": '<!DOCTYPE rss [<!ENTITY who "Bob & Co">]>',
    "none": "",
}


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_an_entity_of_html_is_its_character_whatever_the_doctype(doctype: str) -> None:
    found = episode("<title>A &mdash; B&nbsp;C</title><itunes:author>&Eacute;mile</itunes:author>", DOCTYPES[doctype])
    assert (found.title, found.author) == ("A — B C", "Émile")


def test_an_entity_that_the_document_declares_keeps_its_meaning() -> None:
    found = episode("<title>&copy; by &who;</title>", '<!DOCTYPE rss [<!ENTITY copy "copied"><!ENTITY who "Bob">]>')
    assert found.title == "copied by Bob"


def test_the_title_of_a_feed_keeps_its_middle() -> None:
    body = f"{HEAD.replace('Show', 'Less &lt; is &gt; more')}<item><guid>g</guid></item></channel></rss>"
    assert read(body.encode()).facts.title == "Less < is > more"


ATOM_TITLES = {
    "<title type='text'>On &lt;b&gt; and &lt;/b&gt;</title>": "On <b> and </b>",
    "<title>vector&lt;int&gt;</title>": "vector<int>",
    "<title type='html'>A &lt;b&gt;bold&lt;/b&gt; one</title>": "A bold one",
}


@pytest.mark.parametrize("title", ATOM_TITLES)
def test_a_title_of_atom_is_what_its_type_says(title: str) -> None:
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'>{title}<entry><id>urn:1</id>{title}</entry></feed>"
    reading = read(body.encode(), "application/atom+xml")
    assert (reading.facts.title, reading.episodes[0].title) == (ATOM_TITLES[title],) * 2


# name: (the bytes of a title, the charset that the server says, the title)
ENCODINGS = {
    "one bad byte": (b"L\xe2\x80\x99\xc3\x89cho caf\xe9 d", "utf-8", "L’Écho caf� d"),
    "one bad byte, no charset": (b"L\xe2\x80\x99\xc3\x89cho caf\xe9 d", "", "L’Écho caf� d"),
    "a sequence cut short": (b"caf\xc3\xa9 \xe2\x80 x", "utf-8", "café � x"),
    "nothing but a sequence cut short": (b"caf \xe2\x80 x", "utf-8", "caf � x"),
    "a byte too many": (b"\xc3\xa9\xc3\xa8\xa8", "utf-8", "éè�"),
    "UTF-8 that its server calls Latin-1": (b"caf\xc3\xa9", "iso-8859-1", "café"),
    "Latin-1 that calls itself UTF-8": (b"caf\xe9 \xe0 \xe8", "utf-8", "café à è"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_a_wrong_byte_costs_one_character(case: str) -> None:
    title, charset, expected = ENCODINGS[case]
    head = "<?xml version='1.0' encoding='UTF-8'?>" + HEAD
    body = head.encode() + b"<item><guid>g</guid><title>%s</title></item></channel></rss>" % title
    kind = CONTENT_TYPE + (f"; charset={charset}" if charset else "")
    assert read(body, kind).episodes[0].title == expected


OTHER_ENCODINGS = ("iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "gb18030", "shift_jis", "iso-2022-jp", "koi8-r")


@pytest.mark.parametrize("encoding", OTHER_ENCODINGS)
def test_a_document_that_names_its_encoding_is_read_in_it(encoding: str) -> None:
    title = {"koi8-r": "Привет & пока", "gb18030": "你好 & 再见", "shift_jis": "日本 & 語", "iso-2022-jp": "日本 語"}
    text = title.get(encoding, "café & thé")
    body = f"<?xml version='1.0' encoding='{encoding}'?>{HEAD}<item><guid>g</guid><title>{text.replace('&', '&amp;')}</title></item></channel></rss>"
    bom = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else b""
    assert read(bom + body.encode(encoding), "application/xml").episodes[0].title == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_a_well_formed_document_is_left_as_it_is(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<a b='{escaped}'>{escaped}<![CDATA[{text.replace(']]>', '')}]]></a>".encode()
    assert repair_document(body) == body
    assert mend_encoding(body, "text/xml; charset=utf-8") == (body, "text/xml; charset=utf-8")


@given(
    st.lists(
        st.sampled_from(["&", "<", "&amp;", "&eacute;", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE", "a", " ", ";"])
    )
)
def test_repairing_twice_changes_nothing(parts: list[str]) -> None:
    once = repair_document("".join(parts).encode())
    assert repair_document(once) == once


@given(st.binary(max_size=200))
def test_any_bytes_can_be_mended(body: bytes) -> None:
    mended, _ = mend_encoding(body, "")
    repair_document(mended)
    assert mend_encoding(mended, "")[0] == mended


# name: what stands before a feed
BEFORE = {
    "blank lines": "\n\n",
    "a comment": "<!-- made by hand -->\n",
    "what a program complains of": "<br />\n<b>Warning</b>: Undefined x in /a.php on line 3<br />\n",
    "a word": "OK",
}


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("case", BEFORE)
def test_a_feed_is_read_from_where_it_begins(case: str, declared: bool) -> None:
    feed = f"{HEAD}<item><guid>bare</guid><title>T</title></item></channel></rss>"
    feed = feed if declared else feed[feed.index("<rss") :]
    reading = read((BEFORE[case] + feed).encode())
    assert ([e.guid for e in reading.episodes], reading.is_well_formed) == (["bare"], True)


def test_a_page_that_shows_a_feed_is_none() -> None:
    with pytest.raises(FeedError, match="web page"):
        read(f"<!DOCTYPE html><html><body><pre>{HEAD}</channel></rss></pre></body></html>".encode())
