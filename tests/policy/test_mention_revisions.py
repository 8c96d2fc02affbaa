"""A corrected transcript keeps the mentions that are still there, and marks those that are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.line.verbs import LINE
from podwatch.model import Feed, Watch
from podwatch.policy.mention_revisions import MentionDiff, Place, diff_mentions
from podwatch.runtime import Runtime
from tests.support.podcast_host import Podcast, item, rss, vtt


def places(text: str) -> list[Place]:
    """``a@3 b@9``: a letter is the surface and its own sentence, the number where it stands."""
    found = [word.split("@") for word in text.split()]
    return [Place(1, int(at), int(at) + 1, name[0], name) for name, at in found]


# name: (before, after, kept as old>new places, gone, fresh)
CASES = {
    "nothing changed": ("a@1 b@5", "a@1 b@5", "1>1 5>5", "", ""),
    "everything moved": ("a@1 b@5", "a@11 b@15", "1>11 5>15", "", ""),
    "one is gone": ("a@1 b@5", "b@4", "5>4", "1", ""),
    "one is new": ("b@5", "a@1 b@6", "5>6", "", "1"),
    "two changed places": ("ax@1 ay@5", "ay@1 ax@5", "1>5 5>1", "", ""),
    "the sentence tells two of one word apart": ("ax@1 ay@5", "ay@9", "5>9", "1", ""),
    "the sentence was corrected": ("ax@1", "ay@3", "1>3", "", ""),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_mentions_are_laid_beside_those_before(case: str) -> None:
    before, after, kept, gone, fresh = CASES[case]
    old, new = places(before), places(after)
    laid = diff_mentions(old, new, same_text=False)
    assert " ".join(f"{old[i].start}>{new[j].start}" for i, j in laid.same) == kept
    assert " ".join(str(old[i].start) for i in laid.gone) == gone
    assert " ".join(str(new[j].start) for j in laid.fresh) == fresh


def test_in_the_same_text_only_the_same_place_is_the_same_mention() -> None:
    assert diff_mentions(places("a@1"), places("a@2"), same_text=True) == MentionDiff((), (0,), (0,))


spots = st.lists(
    st.builds(
        Place, st.integers(1, 2), st.integers(0, 9), st.integers(0, 9), st.sampled_from("ab"), st.sampled_from("xy")
    )
)


@given(spots, spots, st.booleans())
def test_every_mention_is_the_same_gone_or_fresh_and_only_one_of_them(
    old: list[Place], new: list[Place], same: bool
) -> None:
    laid = diff_mentions(old, new, same_text=same)
    assert sorted([i for i, _ in laid.same] + list(laid.gone)) == list(range(len(old)))
    assert sorted([j for _, j in laid.same] + list(laid.fresh)) == list(range(len(new)))
    assert all(old[i].watch == new[j].watch and old[i].surface == new[j].surface for i, j in laid.same)


def test_a_corrected_transcript_moves_its_mentions_and_says_nothing_twice(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    address = podcast.serve("/one.vtt", vtt("Grain is here.", "Wheat is there.", "More grain."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    rt.store.sync_watches([Watch(name="grain", query="grain"), Watch(name="wheat", query="wheat")], now)
    for verb in LINE.values():
        verb(rt, now)
    before = {(f.mention.surface, f.mention.start): f.mention_id for f in rt.store.mentions()}
    assert len(before) == 3
    capsys.readouterr()
    podcast.serve("/one.vtt", vtt("Well, well.", "Grain is here.", "Oats is there.", "More grain."), "text/vtt")
    later = now + timedelta(days=1, hours=1)
    assert [verb(rt, later).new for verb in LINE.values()] == [0, 1, 0, 0]
    after = {(f.mention.surface, f.mention.start): f.mention_id for f in rt.store.mentions()}
    assert sorted(after.values()) == sorted(i for (surface, _), i in before.items() if surface != "Wheat")
    assert ("Grain", 12) in after
    assert capsys.readouterr().out == ""


def test_an_unchanged_transcript_is_requested_three_more_times_and_costs_no_body(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    address = podcast.serve("/one.vtt", vtt("Grain."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    for day in range(40):
        for verb in list(LINE.values())[:2]:
            verb(rt, now + timedelta(days=day))
    assert podcast.statuses["/one.vtt"] == [200, 304, 304, 304]


def test_places_know_their_watch() -> None:
    one, other = places("a@1")[0], replace(places("a@1")[0], watch=2)
    assert diff_mentions([one], [other], same_text=False) == MentionDiff((), (0,), (0,))
