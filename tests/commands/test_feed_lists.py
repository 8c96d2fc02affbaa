"""Lists of feeds come in and go out whole: a bad entry costs only itself, and a title that a person gave stays."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from podwatch.line.poll import poll
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss

LIST = """<opml version='2.0'><body><outline text='News'><outline text='Europe'>
<outline type='rss' text='Mine' xmlUrl='{0}'/></outline></outline>
<outline type='rss' text='Local' xmlUrl='file:///home/me/feed.xml'/>
<outline type='rss' xmlUrl='{1}'/></body></opml>"""


def test_one_bad_entry_does_not_refuse_a_list(rt: Runtime, podcast: Podcast, tmp_path: Path) -> None:
    path = tmp_path / "list.opml"
    path.write_text(LIST.format("https://a.example/f", "https://b.example/f"), encoding="utf-8")
    status, out, err = run_command(rt.settings, "feeds", "import", path, "--json")
    assert (status, json.loads(out[0])) == (1, {"feeds": 2, "new": 2})
    assert err == ["left out: Local: file:///home/me/feed.xml: is not the address of a feed - give an http(s) address"]
    assert {f.url: f.tags for f in rt.store.feeds()} == {
        "https://a.example/f": ("News", "Europe"),
        "https://b.example/f": (),
    }
    assert run_command(rt.settings, "feeds", "import", path)[:2] == (1, ["2 feeds, 0 new"])


def test_a_title_that_a_person_gave_is_kept_and_exported(
    rt: Runtime, podcast: Podcast, now: datetime, tmp_path: Path
) -> None:
    mine, theirs = (podcast.serve(path, rss(item("one"), title="Theirs")) for path in ("/mine.xml", "/theirs.xml"))
    path = tmp_path / "list.opml"
    path.write_text(LIST.format(mine, theirs), encoding="utf-8")
    run_command(rt.settings, "feeds", "import", path)
    for title in ("Theirs", "Renamed"):
        for address in ("/mine.xml", "/theirs.xml"):
            podcast.serve(address, rss(item(title), title=title))
        poll(rt, now, force=True)
        assert [f.title for f in rt.store.feeds()] == ["Mine", title]
    _, out, _ = run_command(rt.settings, "feeds", "export")
    assert [line.partition('text="')[2].partition('"')[0] for line in out if "xmlUrl" in line] == ["Mine", "Renamed"]
