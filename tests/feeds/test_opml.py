"""OPML is read into feeds with tags, written, and read back the same; addresses and tags are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import PodwatchError
from podwatch.feeds import opml
from podwatch.model import Feed


def read_text(text: str, tmp_path: Path) -> list[tuple[str, tuple[str, ...]]]:
    path = tmp_path / "list.opml"
    path.write_text(text, encoding="utf-8")
    return [(f.url, f.tags) for f in opml.read_opml(path).feeds]


def body(outlines: str) -> str:
    return f"<opml version='2.0'><body>{outlines}</body></opml>"


# name: (the outlines, the feeds with their tags)
LISTS = {
    "a feed": ("<outline type='rss' text='A' xmlUrl='https://a.example/f'/>", [("https://a.example/f", ())]),
    "a folder is a tag": (
        "<outline text='news'><outline type='rss' xmlUrl='https://a.example/f'/></outline>",
        [("https://a.example/f", ("news",))],
    ),
    "a feed in two folders has both tags": (
        "<outline text='x'><outline type='rss' xmlUrl='https://a.example/f'/></outline>"
        "<outline text='y'><outline type='rss' xmlUrl='https://a.example/f'/></outline>",
        [("https://a.example/f", ("x", "y"))],
    ),
    "each folder around a feed is a tag": (
        "<outline text='News'><outline text='Europe'><outline type='rss' text='P' xmlUrl='https://p.example/f'/></outline>"
        "<outline type='rss' text='Q' xmlUrl='https://q.example/f'/></outline>"
        "<outline type='rss' text='R' xmlUrl='https://r.example/f'/>",
        [("https://p.example/f", ("News", "Europe")), ("https://q.example/f", ("News",)), ("https://r.example/f", ())],
    ),
    "three folders deep": (
        "<outline text='a'><outline text='b'><outline text='c'><outline xmlUrl='https://p.example/f'/></outline></outline></outline>",
        [("https://p.example/f", ("a", "b", "c"))],
    ),
    "each part of a category is a tag": (
        "<outline type='rss' xmlUrl='https://a.example/f' category='/Boston/Weather,sun'/>",
        [("https://a.example/f", ("Boston", "Weather", "sun"))],
    ),
    "a bare & in an address": (
        "<outline xmlUrl='https://a.example/f?id=1&reg_id=4&copy=5'/>",
        [("https://a.example/f?id=1&reg_id=4&copy=5", ())],
    ),
    "a bare & in a folder": (
        "<outline text='R&D < Q & A'><outline xmlUrl='https://a.example/f'/></outline>",
        [("https://a.example/f", ("R&D < Q & A",))],
    ),
    "an outline that is never closed": (
        "<outline text='x'><outline xmlUrl='https://a.example/f'>",
        [("https://a.example/f", ("x",))],
    ),
    "an address that is given as a link's": (
        "<outline type='rss' text='A' url='https://a.example/f'/><outline type='link' url='https://b.example/'/>",
        [("https://a.example/f", ())],
    ),
    "an old scheme": ("<outline type='rss' xmlUrl='feed://a.example/f'/>", [("https://a.example/f", ())]),
}


@pytest.mark.parametrize("case", LISTS, ids=str)
def test_a_list_is_read(case: str, tmp_path: Path) -> None:
    outlines, expected = LISTS[case]
    assert read_text(body(outlines), tmp_path) == expected


# What a list may call its encoding, and what it is in.
ENCODINGS = {
    "ISO-8859-1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "windows-1250": "utf-8",
    "utf-8": "utf-8",
    "": "utf-8",
    "UTF-16": "utf-16",
    "koi8-r": "koi8-r",
    "shift_jis": "shift_jis",
    "UTF-8": "windows-1252",
    "x-unknown": "utf-8",
}


@pytest.mark.parametrize("declared", ENCODINGS)
def test_a_list_is_read_in_the_encoding_that_it_names(declared: str, tmp_path: Path) -> None:
    name = {"koi8-r": "Радио", "shift_jis": "ラジオ"}.get(declared, "Städte")
    outlines = f"<outline text='{name}'><outline text='{name} 2' xmlUrl='https://c.example/f'/></outline>"
    head = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    path = tmp_path / "list.opml"
    path.write_bytes((head + body(outlines)).encode(ENCODINGS[declared]))
    assert [(f.title, f.tags) for f in opml.read_opml(path).feeds] == [(f"{name} 2", (name,))]


def test_a_bad_entry_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    outlines = (
        "<outline text='Good' xmlUrl='https://good.example/f'/><outline text='Local' xmlUrl='file:///home/me/f.xml'/>"
        "<outline text='Empty' xmlUrl=''/><outline xmlUrl='http://'/><outline text='Long' xmlUrl='https://x.example/a b'/>"
        "<outline text='Good2' xmlUrl='https://good2.example/f'/>"
    )
    path = tmp_path / "list.opml"
    path.write_text(body(outlines), encoding="utf-8")
    feeds, errors = opml.read_opml(path)
    assert [f.title for f in feeds] == ["Good", "Good2"]
    assert [e.partition(":")[0] for e in errors] == ["Local", "http", "Long"]
    assert all("is not the address of a feed" in e for e in errors)


def test_a_list_that_is_cut_says_so(tmp_path: Path) -> None:
    path = tmp_path / "list.opml"
    whole = body("".join(f"<outline text='{n}' xmlUrl='https://{n}.example/f'/>" for n in "abc"))
    path.write_text(whole[:-40], encoding="utf-8")
    feeds, errors = opml.read_opml(path)
    assert [f.title for f in feeds] == ["a", "b"]
    assert errors == (f"{path}: ends early, so that feeds may be missing - export it again",)


@pytest.mark.parametrize(
    "text", ["", "no list", "<opml/>", body("<outline text='empty'/>"), "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"]
)
def test_a_list_without_a_feed_is_one_clear_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(PodwatchError, match="has no feed in it"):
        read_text(text, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/f",
        "/etc/passwd",
        "https://",
        "https://a b.example/",
        "javascript:alert(1)",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1:x/",
        "http://a.example/\x1b[1m",
        "http://a.example/\udcff",
        "http://a.example/a\tb",
        "http://a.example/" + 100_000 * "x",
    ],
    ids=lambda u: ascii(u)[:40],
)
def test_a_text_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(PodwatchError, match="is not the address of a feed") as e:
        opml.normalize_address(url)
    assert len(e.value.line) < 400


@pytest.mark.parametrize("tag", ["", " ", "a/b", "x,y", "\x1b", "\udcff", "x" * 201], ids=ascii)
def test_a_text_that_cannot_be_a_tag_is_refused(tag: str) -> None:
    with pytest.raises(PodwatchError, match="cannot be a tag"):
        opml.normalize_tag(tag)


tags = st.lists(
    st.text("abc xyzäß&<\"',/", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=3, unique=True
)


@given(st.lists(tags, max_size=4))
def test_written_feeds_are_read_back(tmp_path_factory: pytest.TempPathFactory, many: list[list[str]]) -> None:
    feeds = [
        Feed(url=f"https://a.example/{i}?x=1&y=<2>", title=f"T & <{i}>" if i else "", tags=tuple(t))
        for i, t in enumerate(many)
    ]
    if not feeds:
        return
    path = tmp_path_factory.mktemp("opml") / "out.opml"
    path.write_text(opml.write_opml(feeds), encoding="utf-8")
    assert [(f.url, f.title, set(f.tags)) for f in opml.read_opml(path).feeds] == [
        (f.url, f.title, set(f.tags)) for f in feeds
    ]


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    assert "\x00" not in opml.write_opml([Feed(url="https://a.example/", title="a\x00\x1b\ufffeb")])
