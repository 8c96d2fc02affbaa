"""What a feed, a transcript or a watchlist says is text in the page, whatever it looks like, and leads to http(s) alone."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from html.parser import HTMLParser

import pytest

from podwatch.model import Chapter, Episode, Feed, Person, Segment, join_segments
from podwatch.runtime import Runtime
from tests.support.page_visitors import GRAIN, LEE, browse, find_mentions, store_show
from tests.support.stored_transcripts import save_transcript

PROBES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "\u202egnihton\u2066",
    "</textarea></script><script>x</script>",
)
LINKS = ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>x</script>", " javascript:alert(1)",
         "vbscript:x", "file:///etc/passwd", "//host.example/x", "http://", "https://[", "\x01javascript:alert(1)")  # fmt: skip
VIEWS = ("/alerts", "/alerts?watch=%3Cscript%3Ex", "/episodes/1", "/watches", "/watches/grain", "/feeds", "/feeds/1", "/coverage",
         "/coverage/days/2026-11-03", "/changes", "/changes?who=%3Cscript%3Ex", "/subscriptions?watch=%3Cscript%3Ex", "/search?q=grain",
         "/search?q=%3Cscript%3Ex", "/trends", "/trends?of=show:1&of=watch:grain", "/trends?of=entity:%3Cscript%3Ex", "/editor",
         "/editor?watch=grain", "/editor?watch=lee", "/editor?query=%3Cscript%3Ex%22", "/episodes/1/revisions")  # fmt: skip
KNOWN_TAGS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "span", "main", "h1", "h2", "p", "form", "label",
    "select", "option", "input", "button", "section", "article", "div", "q", "mark", "time", "svg", "path", "rect", "table", "thead",
    "fieldset", "legend", "datalist", "progress", "h3", "del", "ins", "tbody", "tr", "th", "td", "ul", "ol", "li", "dl", "dt", "dd", "b",
    "aside", "audio", "details", "summary", "textarea", "code", "pre", "text", "polyline", "circle",
}  # fmt: skip


class Elements(HTMLParser):
    """The elements of a page with their attributes, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(text: str) -> None:
    for tag, attributes in Elements(text).found:
        assert tag in KNOWN_TAGS, tag
        assert not any(name.startswith("on") for name in attributes), attributes
        assert "style" not in attributes, attributes
        for name in ("href", "src", "action"):
            value = attributes.get(name)
            assert value is None or re.match(r"https?://[^/]|/(?!/)|#|coverage/days/", value), (tag, name, value)
        if tag == "script":
            assert re.match(r"/static/(page|editor)\.js\?", attributes.get("src") or ""), attributes
    assert "\u202e" not in text
    assert "\u2066" not in text


def show_of(rt: Runtime, now: datetime, probe: str) -> None:
    """A show in which every field that a stranger fills holds the probe."""

    def spoil(e: Episode) -> Episode:
        return replace(
            e,
            guid=probe + e.guid,
            title=probe,
            notes=probe,
            link=f"https://x.example/{probe}",
            audio_url=f"https://x.example/{probe}",
            language=probe[:8],
            persons=(Person(name=probe, role=probe, href=probe),),
            author=probe,
            chapters_url=f"https://x.example/{probe}",
            chapters=(Chapter(0.0, probe),),
        )

    feed = Feed(url=f"https://x.example/{probe}", title=probe, tags=(probe,))
    store_show(rt, now, [f"{probe} grain {probe}/Ann Lee {probe}"], feed=feed, change=spoil, speakers=(probe,))
    watches = (replace(GRAIN, channel=f"#{probe}"), replace(LEE, aliases=("Dr Lee", f"Doctor {probe}")))
    find_mentions(rt, now, *watches)


@pytest.mark.parametrize("probe", PROBES)
def test_a_strangers_text_is_text_in_every_view(probe: str, rt: Runtime, now: datetime) -> None:
    show_of(rt, now, probe)
    browser = browse(rt, now)
    browser.send("/alerts/1/answers", {"verdict": "wrong"})
    for view in VIEWS:
        assert_harmless(browser.read(view, 400 if "of=entity" in view else 200))
    assert "<mark" in browser.read("/alerts")


@pytest.mark.parametrize("probe", PROBES)
def test_what_is_typed_into_the_editor_is_text_beside_it_too(probe: str, rt: Runtime, now: datetime) -> None:
    show_of(rt, now, probe)
    browser = browse(rt, now)
    fields = ("name", "query", "entity", "aliases", "exclude", "channel", "tags", "urls", "minimum", "repeat_after")
    for kind in ("query", "entity", "surge"):
        typed = dict.fromkeys(fields, probe) | {"kind": kind, "was": "grain", "seen": probe, "editor": probe}
        for path, do in (("/editor/check", "check"), ("/editor", "check"), ("/editor", "save")):
            assert_harmless(browser.send(path, typed | {"do": do}).text)
    named = {"kind": "query", "query": "grain", "name": "x", "channel": probe, "tags": probe, "aliases": probe}
    for path, do in (("/editor/check", "check"), ("/editor", "check"), ("/editor", "save")):
        assert_harmless(browser.send(path, named | {"do": do}).text)
    for view in ("/watches", "/watches/x", "/changes"):
        assert_harmless(browser.client.get(view).text)


@pytest.mark.parametrize("probe", PROBES)
def test_a_corrected_transcript_is_text_where_its_changes_are_shown(probe: str, rt: Runtime, now: datetime) -> None:
    [e] = store_show(rt, now, [f"Before {probe}. Same."])
    save_transcript(rt.store, e, join_segments([Segment(0.0, 9.0, f"After {probe} now. Same.", probe)]), now)
    assert_harmless(browse(rt, now).read("/episodes/1/revisions"))


@pytest.mark.parametrize("link", LINKS)
def test_an_address_that_is_not_of_the_web_is_no_link(link: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"], change=lambda e: replace(e, link=link, audio_url=link, chapters_url=link))
    find_mentions(rt, now)
    shown = browse(rt, now).read("/episodes/1")
    assert_harmless(shown)
    assert "<audio" not in shown


@pytest.mark.parametrize("probe", PROBES)
def test_what_the_address_says_is_text_too(probe: str, rt: Runtime, now: datetime) -> None:
    client = browse(rt, now).client
    for path, name in (("/alerts", "watch"), ("/alerts", "said"), ("/alerts", "state"), ("/alerts", "since"), ("/feeds", "q"), ("/feeds", "tag"), ("/feeds", "said"), ("/login", "next"), ("/coverage", "until"), ("/search", "q"), ("/search", "feed"), ("/trends", "of"), ("/trends", "entity"), ("/trends", "days"), ("/changes", "q"), ("/changes", "what"), ("/editor", "query"), ("/editor", "name"), ("/editor", "entity"), ("/watches", "said"), ("/episodes/1", "said")):  # fmt: skip
        assert_harmless(client.get(path, params={name: probe}).text)
    assert_harmless(client.get(f"/watches/{probe.replace('/', '')}").text)
    assert_harmless(client.get(f"/coverage/days/{probe.replace('/', '')}").text)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")', "\n=1", "\uff1d1+1", "\uff0b1", '"=1+1"', ",=1\r\n=2"],
)
def test_no_cell_of_a_csv_is_a_formula(cell: str, rt: Runtime, now: datetime) -> None:
    """Every field that a stranger fills; and each row is one, whatever commas, quotes and lines the text has."""
    feed = Feed(url="https://x.example/f", title=cell)
    change = partial(replace, title=cell, link=None, audio_url=None)
    store_show(rt, now, [f"{cell} grain {cell}"] * 2, feed=feed, change=change, speakers=(cell,))
    find_mentions(rt, now, GRAIN)
    browser = browse(rt, now)
    for path in ("/alerts.csv", "/search.csv?q=grain"):
        head, *rows = csv.reader(io.StringIO(browser.client.get(path).content.decode(), newline=""))
        assert len(rows) == 2, path
        assert {len(row) for row in rows} == {len(head)}, path
        bad = [
            c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b"))
        ]
        assert bad == [], path
        assert any(cell.strip() in c.strip() for row in rows for c in row), path  # and it is still there


@pytest.mark.parametrize("probe", [*PROBES, "<script>\x08]]>&amp;\u202e", "\ud800\x00\ufffe"])
def test_a_feed_reader_reads_the_atom_feed_whatever_is_said(probe: str, rt: Runtime, now: datetime) -> None:
    import feedparser

    show_of(rt, now, probe.replace("\ud800\x00", "") if "\ud800" in probe else probe)
    browser = browse(rt, now)
    made = browser.send("/subscriptions", {"view": "watch=grain"}).text
    address = re.search(r"http://testserver(/subscriptions/[^/]+/alerts\.atom)", made)
    assert address
    for path, count in (("/alerts.atom", 2), (address[1], 1)):
        read = feedparser.parse(browser.client.get(path).content)
        assert not read.bozo, read.get("bozo_exception")
        assert read.version == "atom10"
        assert len(read.entries) == count
        assert len({e.id for e in read.entries}) == count
        for e in read.entries:
            assert e.link.startswith("http://testserver/episodes/1")
            assert e.updated_parsed is not None
            assert e.content[0].type == "text/plain"
    browser.send("/subscriptions/1/revoke", {})
    browser.read(address[1], 404)
