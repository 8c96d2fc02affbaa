"""Beside an episode's words: its chapters, what changed in its transcript, and the answer that a spelling is the name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.line.detect import detect
from podwatch.model import Chapter, Episode, Segment, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.web.chapters import chapters_in_notes
from podwatch.web.revision_diff import diff_revisions
from tests.support.page_visitors import READER, browse, find_mentions, store_show
from tests.support.stored_transcripts import save_transcript
from tests.web.test_editor import plain_text, unescape

# notes: the chapters, as (seconds, title)
NOTES: dict[str, list[tuple[float, str]]] = {
    "With Ann. 00:00 Intro 02:15 - The deal (10:05) What now? https://x.example/more": [
        (0, "Intro"), (135, "The deal"), (605, "What now?")],
    "0:00 Hello 1:02:03 Late 1:30:00 End": [(0, "Hello"), (3723, "Late"), (5400, "End")],
    "[00:30] One • [01:00] Two • [02:00] Three": [(30, "One"), (60, "Two"), (120, "Three")],
    "Live at 18:00 GMT, doors 17:30, end 22:00": [],
    "00:00 Intro 05:00 Only two": [],
    "00:00 a 05:00 b 03:00 c": [],  # they do not go up
    "12:00 Noon 13:00 News 14:00 Talk": [],  # they do not begin with the episode
    "00:00 01:00 02:00 without titles": [],
    "no times": [],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize("notes", NOTES)
def test_show_notes_that_list_times_are_chapters(notes: str) -> None:
    assert [(c.start, c.title) for c in chapters_in_notes(notes, None)] == NOTES[notes]


def test_times_beyond_the_end_are_no_chapters() -> None:
    assert chapters_in_notes("00:00 a 10:00 b 20:00 c", 900.0) == []
    assert len(chapters_in_notes("00:00 a 10:00 b 20:00 c", 1200.0)) == 3


@given(st.text(st.sampled_from("0123456789: ()[]-abc.\u0661é"), max_size=200))
def test_whatever_the_notes_say_chapters_go_up(notes: str) -> None:
    starts = [c.start for c in chapters_in_notes(notes, None)]
    assert starts == sorted(set(starts))


def test_chapters_lead_to_what_is_said_then(rt: Runtime, now: datetime) -> None:
    chapters = (Chapter(0.0, "Begin <b>"), Chapter(10.0, "Middle"), Chapter(25.0, "End"))
    store_show(rt, now, ["one/two/three"], change=lambda e: replace(e, chapters=chapters))
    shown = browse(rt, now).read("/episodes/1")
    found = re.findall(r'<li><a class="at" href="#(\w+)" data-jump="([\d.]+)">[\d:]+</a> ([^<]+)</li>', shown)
    assert found == [("s0", "0.0", "Begin &lt;b&gt;"), ("s1", "10.0", "Middle"), ("s2", "25.0", "End")]


@pytest.mark.parametrize(
    ("before", "after", "changes", "same"),
    [
        (["One. Two. Three."], ["One. Two. Three."], [], 3),
        (["One. Two. Three."], ["One.", "Two. Three."], [], 3),  # cut otherwise
        (["one two"], ["One, two!"], [], 1),  # the same words
        (["One. Two. Three."], ["One. Three."], [("Two.", "")], 2),
        (["One. Three."], ["One.", "Two. Three."], [("", "Two.")], 2),
        (["He met Dobrinin. Then left."], ["He met Dobrynin. Then left."], [("He met Dobrinin.", "He met Dobrynin.")], 1),
        ([], ["One."], [("", "One.")], 0),
        (["東京。京都。"], ["東京。大阪。"], [("京都。", "大阪。")], 1),
    ],
)  # fmt: skip
def test_a_difference_is_one_of_sentences(
    before: list[str], after: list[str], changes: list[tuple[str, str]], same: int
) -> None:
    found = diff_revisions(before, after)
    assert [(c.before, c.after) for c in found.changes] == changes
    assert found.same == same


@given(st.lists(st.text("ab. ", max_size=30), max_size=6), st.lists(st.text("ab. ", max_size=30), max_size=6))
def test_every_change_has_its_place_and_the_same_text_has_none(before: list[str], after: list[str]) -> None:
    found = diff_revisions(before, after)
    assert all(0 <= c.segment < max(1, len(after)) for c in found.changes)
    assert diff_revisions(after, after).changes == ()


def correct(rt: Runtime, e: Episode, now: datetime, *texts: str) -> None:
    segments = [Segment(10.0 * i, 10.0 * i + 10, text, "Ann") for i, text in enumerate(texts)]
    save_transcript(rt.store, e, join_segments(segments, source="https://show.example/1.vtt"), now)


def test_what_changed_in_a_transcript_is_shown_sentence_by_sentence(either: Runtime, now: datetime) -> None:
    [e] = store_show(either, now, ["Welcome. He met Dobrinin./Then he left."])
    browser = browse(either, now)
    assert "what changed" not in browser.read("/episodes/1")
    assert "It has one revision" in browser.read("/episodes/1/revisions")
    later = now + timedelta(hours=1)
    correct(either, e, later, "Welcome.", "He met <b>Dobrynin</b>.", "Then he left.")
    assert "/episodes/1/revisions" in browser.read("/episodes/1")
    shown = browser.read("/episodes/1/revisions")
    assert "<del>He met Dobrinin.</del>" in shown
    assert '<a href="/episodes/1#s1">He met &lt;b&gt;Dobrynin&lt;/b&gt;.</a>' in shown
    assert "2 sentences stayed, 1 place changed." in plain_text(shown)
    browser.read("/episodes/99/revisions", 404)


def test_a_pruned_text_is_gone_as_it_was_before_too(rt: Runtime, now: datetime) -> None:
    [e] = store_show(rt, now, ["the secret words"])
    correct(rt, e, now, "other words")
    find_mentions(rt, now)
    assert rt.store.earlier_revision(1) is not None
    assert rt.store.prune_texts([1], now) == 1
    assert rt.store.earlier_revision(1) is None
    assert "secret" not in browse(rt, now).read("/episodes/1")


DOBRYNIN = Watch(name="dobrynin", entity="Anatoly Dobrynin", type="person", sounds_like=True, channel="#desk")
TALK = "Ambassador Anatoly Dobrynin came to see us./And then Anatoly Dobrennan said no./Mr Dobrennan left."


def offers(text: str) -> list[tuple[str, str]]:
    return re.findall(r'name="watch" value="([^"]*)"><input type="hidden" name="spelling" value="([^"]*)"', text)


def test_a_spelling_is_said_to_be_the_name_and_is_an_alias_from_then_on(either: Runtime, now: datetime) -> None:
    store_show(either, now, [TALK])
    find_mentions(either, now, DOBRYNIN)
    browser = browse(either, now)
    found = offers(browser.read("/episodes/1"))
    assert found
    name, spelling = found[0]
    done = browser.send("/episodes/1/alias", {"watch": name, "spelling": unescape(spelling)})
    assert done.status_code == 303
    [watch] = either.store.watches()
    assert (watch.aliases, watch.revision) == ((unescape(spelling),), 2)
    [entry] = either.store.list_audit()
    assert (entry.who, entry.action, entry.subject) == ("ada", "edit watch", "watch dobrynin")
    assert entry.after is not None
    assert entry.after["aliases"] == [unescape(spelling)]
    detect(either, now)
    assert found[0] not in offers(browser.read("/episodes/1"))
    again = browser.send("/episodes/1/alias", {"watch": name, "spelling": unescape(spelling)})
    assert again.status_code == 400


def test_ordinary_words_are_offered_as_no_alias(rt: Runtime, now: datetime) -> None:
    watch = Watch(name="tlaib", entity="Rashida Tlaib", type="person", sounds_like=True, channel="#desk")
    store_show(
        rt, now, ["Congress heard from Rashida to leave about the vote./Then Rashida Talib said no to the bill."]
    )
    find_mentions(rt, now, watch)
    browser = browse(rt, now)
    shown = browser.read("/episodes/1")
    assert offers(shown) == [("tlaib", "Rashida Talib")]
    assert browser.send("/episodes/1/alias", {"watch": "tlaib", "spelling": "Rashida to leave"}).status_code == 400


def test_only_what_was_heard_in_the_episode_becomes_an_alias(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, [TALK])
    find_mentions(rt, now, DOBRYNIN)
    browser = browse(rt, now)
    assert browser.send("/episodes/1/alias", {"watch": "dobrynin", "spelling": "Putin"}).status_code == 400
    assert browser.send("/episodes/1/alias", {"watch": "nobody", "spelling": "Putin"}).status_code == 404
    assert offers(browse(rt, now, READER).read("/episodes/1")) == []
    assert rt.store.watches()[0].aliases == ()


def test_where_the_watchlist_is_a_file_an_alias_is_a_diff_to_commit(rt: Runtime, now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text("watches:\n  - name: dobrynin\n    entity: Anatoly Dobrynin\n    sounds_like: true\n")
    rt.settings = replace(rt.settings, watchlist=file)
    store_show(rt, now, [TALK])
    find_mentions(rt, now, DOBRYNIN)
    browser = browse(rt, now)
    [(name, spelling), *_] = offers(browser.read("/episodes/1"))
    shown = browser.send("/episodes/1/alias", {"watch": name, "spelling": unescape(spelling)}).text
    assert f"+    aliases: [{unescape(spelling)}]" in unescape(re.sub(r"<[^>]+>", "", shown))
    assert rt.store.watches()[0].aliases == ()
