"""Hypothesis strategies for feeds: made of usual pieces, and of malformed and unusual ones that were seen or are possible."""

from __future__ import annotations

from hypothesis import strategies as st

DECLARED = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:podcast="https://podcastindex.org/namespace/1.0" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:psc="http://podlove.org/simple-chapters" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:georss="http://www.georss.org/georss"'
)

OPENINGS = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    "<?xml version='1.0' encoding='utf-8'?>",
    '<?xml version="1.0" encoding="iso-8859-1"?>\n',
    "",
    "\ufeff",
    "\n",
    '<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?>\n',
    "<!-- a comment with <item> in it -->",
    '<!DOCTYPE rss [<!ENTITY who "Bob">]>',
]

CHANNEL = [
    "<title>The Show</title>",
    "<link>http://show.example/</link>",
    "<description>About</description>",
    "<description>One</description><itunes:summary>Two</itunes:summary>",
    "<itunes:summary>Two</itunes:summary><description>One</description>",
    "<language>de</language>",
    '<atom:link rel="next" href="http://show.example/feed?page=2"/>',
    '<atom:link rel="hub" href="http://hub.example/"/>',
    "<image><url>http://show.example/i.png</url><title>T</title><link>http://show.example/</link></image>",
    '<itunes:image href="http://show.example/i.png"/>',
    "<itunes:link>http://show.example</itunes:link>",
    "<itunes:owner><itunes:name>N</itunes:name><itunes:email>n@show.example</itunes:email></itunes:owner>",
    '<itunes:category text="News"><itunes:category text="Politics"/></itunes:category>',
    "<textInput><title>Search</title><name>q</name></textInput>",
    "<podcast:liveItem status='live'><title>Live</title><guid>live</guid><enclosure url='l.mp3'/></podcast:liveItem>",
    "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>",
    "<podcast:updateFrequency rrule='FREQ=WEEKLY'>weekly</podcast:updateFrequency><ttl>60</ttl>",
    "<lastBuildDate>Tue, 03 Nov 2026 05:00:00 GMT</lastBuildDate>",
    "<!-- comment -->",
    "<x:y xmlns:x='urn:x'>z</x:y>",
    "<items>none</items>",
    "<generator uri='/g'>G</generator>",
    "<cloud domain='c'/>",
    "<media:credit role='author'>C</media:credit>",
]

USUAL = [
    "<title>On {n}</title>",
    "<guid isPermaLink='false'>id-{n}</guid>",
    "<guid>http://show.example/{n}</guid>",
    "<guid>same</guid>",
    "<link>/episode/{n}</link>",
    "<description>Notes &amp; links {n}</description>",
    "<description><![CDATA[<p>Notes <a href='/a{n}'>a</a></p>]]></description>",
    "<content:encoded><![CDATA[<p>Long notes {n} <img src='i.png'></p>]]></content:encoded>",
    "<itunes:summary>Summary {n}</itunes:summary>",
    "<itunes:subtitle>Sub {n}</itunes:subtitle>",
    "<itunes:keywords>a,b</itunes:keywords>",
    "<itunes:author>Ann {n}</itunes:author><author>bob@show.example (Bob)</author>",
    "<pubDate>Tue, 0{n} Nov 2026 05:00:00 GMT</pubDate>",
    "<enclosure url='http://a.example/{n}.mp3' type='audio/mpeg' length='1'/>",
    "<podcast:transcript url='/{n}.vtt' type='text/vtt'/><podcast:transcript url='/{n}.srt' type='application/srt'/>",
    "<podcast:person role='guest'>Guest {n}</podcast:person>",
    "<psc:chapters><psc:chapter start='00:00:01' title='A'/></psc:chapters>",
    "<dc:creator>Dee</dc:creator>",
    "<itunes:duration>1:0{n}</itunes:duration><itunes:image href='/{n}.png'/>",
    "<media:content url='http://a.example/{n}.mp4'><media:title>M</media:title></media:content>",
    "<category domain='d'>c{n}</category>",
    "<title>Caf\u00e9 {n}</title>",
]

UNUSUAL = [
    "<description><![CDATA[</item>]]></description>",
    "<description><![CDATA[<item>]]></description>",
    "<!-- </item><item> -->",
    "<!-- dash -->",
    "<?php echo 1 ?>",
    "<description>a <div>typepad</div> b</description>",
    "<description>raw <b>markup</b> <br/></description>",
    "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></content>",
    "<content:encoded>raw <svg xmlns='http://www.w3.org/2000/svg'><title>t</title></svg></content:encoded>",
    "<link xml:base='http://other.example/'>x{n}</link>",
    "<description base='http://other.example/'>x</description>",
    "<title xml:lang='fr'>Fran {n}</title>",
    "<language>fi</language>",
    "<image><url>http://show.example/{n}.png</url><link>http://i.example/</link></image>",
    "<textInput><name>item {n}</name></textInput>",
    "<source url='http://s.example/'>S<title>inner {n}</title></source>",
    "<source>",
    "<w:creator xmlns:w='http://purl.org/dc/elements/1.1/'>W</w:creator>",
    "<wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>/c{n}</wfw:commentRss>",
    "<y:z xmlns:y='urn:y{n}'>w</y:z>",
    "<psc:chapters xmlns='http://podlove.org/simple-chapters'/>",
    "<undeclared:tag>u</undeclared:tag>",
    "<item><title>nested</title></item>",
    "<ITEM><title>upper</title></ITEM>",
    "<atom:entry><title>prefixed</title></atom:entry>",
    "</item ><item>",
    "<unclosed>",
    "</channel>",
    "&undefined;",
    "&#1;",
    "a & b",
    "<itunes:link>l</itunes:link>",
    "<itunes:keywords a='b'>k</itunes:keywords>",
    "<georss:point>1 2</georss:point>",
    "<summary>s</summary><description>d</description><summary>s2</summary>",
    "<author><name>N</name>",
    "<contributor><name>N</name><uri>/u</uri></contributor>",
    "<media:title>first</media:title>",
    "<title/><title>t</title>",
    "<title>\ufffe</title>",
    "<body>b</body><fullitem>f</fullitem>",
    "]]>",
    "<![CDATA[open",
    "\u2028 text between \x85",
]

GAPS = [
    "",
    "\n",
    "\n    ",
    "\t\r\n",
    "<!-- between -->",
    "<!-- a -- b -->",
    "<!-- \x02 -->",
    "text",
    "<pubDate>x</pubDate>",
    "<item/>",
]
ENDINGS = [
    "",
    "\n",
    "<title>Late title</title>",
    "<!-- <item> -->",
    "<link>http://late.example/</link>",
    "<?pi?>",
    "</x>",
]
TYPES = [
    "application/rss+xml",
    "text/xml",
    "text/xml; charset=utf-8",
    "text/html",
    "",
    "application/xml; charset=latin-1",
]


@st.composite
def items(draw: st.DrawFn, tag: str) -> list[bytes]:
    """Up to six items, most of them usual."""
    found = []
    unusual = draw(st.sampled_from([0, 0, 0, 1, 2]))
    for n in range(draw(st.integers(1, 6))):
        parts = draw(st.lists(st.sampled_from(USUAL), max_size=6))
        if unusual and draw(st.booleans()):
            parts.insert(draw(st.integers(0, len(parts))), draw(st.sampled_from(UNUSUAL)))
        opening = draw(st.sampled_from([tag] * 12 + [f"{tag} xml:lang='it'", f"{tag} xmlns:q='urn:q'", f"{tag} a='b'"]))
        text = "".join(parts).replace("{n}", str(n + 1))
        found.append(f"<{opening}>{text}</{tag}>".encode())
    return found


@st.composite
def feed_versions(draw: st.DrawFn) -> tuple[bytes, bytes, str]:
    """An old document, a new one with most of its items, and a media type."""
    tag = draw(st.sampled_from(["item"] * 5 + ["entry"]))
    atom, rdf = tag == "entry", draw(st.sampled_from([False] * 5 + [True]))
    every = draw(items(tag))
    opening = draw(st.sampled_from(OPENINGS[:2] * 4 + OPENINGS)).encode()
    if draw(st.sampled_from([False] * 6 + [True])):
        every = [e.decode().encode("latin-1", "replace") for e in every]
    head = draw(st.lists(st.sampled_from(CHANNEL), max_size=6))
    changed = draw(st.sampled_from([0, 0, 1, 2]))
    heads = []
    for version in range(2):
        declared = DECLARED if not (version and changed == 2) else DECLARED.replace("xmlns:dc", "xmlns:dce")
        declared = 'xmlns="http://www.w3.org/2005/Atom" ' + declared if atom else declared
        root = "<feed " if atom else "<rss version='2.0' "
        inner = [*head, draw(st.sampled_from(CHANNEL))] if version and changed == 1 else head
        heads.append(opening + (root + declared + ">" + ("" if atom else "<channel>") + "".join(inner)).encode())
    gap = draw(st.sampled_from(GAPS[:4] * 6 + GAPS)).encode()
    ending = draw(st.sampled_from(ENDINGS[:3] * 3 + ENDINGS)) + ("</feed>" if atom else "</channel></rss>")
    if rdf and not atom:
        heads = [h + b"</channel>" for h in heads]
        ending = ending.replace("</channel>", "")
    kept = draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    if draw(st.booleans()):
        kept = [i > 0 for i in range(len(every))]  # the usual case: one new item in front
    old_items = [e for e, k in zip(every, kept, strict=True) if k]
    old = heads[0] + gap.join(old_items) + draw(st.sampled_from([gap, b""])) + ending.encode()
    new = heads[1] + gap.join(every) + gap + ending.encode()
    if draw(st.sampled_from([False] * 4 + [True])):
        at = draw(st.integers(0, len(new) - 1))
        new = (
            new[:at]
            + draw(st.sampled_from([b"", b"<", b">", b"\xff", b"]]>", b"\0", b"</item>", b"&"]))
            + new[at + 1 :]
        )
    if draw(st.sampled_from([False] * 12 + [True])):
        new = new[: draw(st.integers(0, len(new)))]
    return old, new, draw(st.sampled_from(TYPES[:2] * 3 + TYPES))
