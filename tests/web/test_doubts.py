"""What the page and the API say of names in doubt: which wait, since and until when, and what became of the others."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch.model import Feed, HearingOutcome, Scope, Watch
from podwatch.runtime import Runtime
from tests.support.page_visitors import browse, find_mentions, store_show
from tests.support.stored_doubts import save_doubt

TALK = "Grain came./witcop, they say, and witcup too."
WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", type="person", sounds_like=True)
WAITS = "1 episode has a name in doubt that waits to be heard again"
GONE = "1 episode has a name in doubt that was left to the text: 1 as the audio is gone"


@pytest.fixture
def rt(either: Runtime, now: datetime) -> Runtime:
    either.store.sync_watches([WITKOFF], now)
    return either


def words(html: str) -> str:
    """What is read of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_episode_says_which_name_waits_since_when_and_until_when_at_most(rt: Runtime, now: datetime) -> None:
    [episode] = store_show(rt, now, [TALK])
    save_doubt(rt.store, episode, now, text=None)
    page = browse(rt, now)
    html = page.read("/episodes/1")
    until = now + timedelta(days=2)
    since = f"waits to be heard again since {now:%Y-%m-%d %H:%M} UTC , until {until:%Y-%m-%d %H:%M} UTC at the latest"
    assert f"0:00:10 “witcop” for Steve Witkoff {since}" in words(html)
    assert 'href="#s1" data-jump="10.0"' in html
    assert "No watch is mentioned in it so far." in html
    [record] = page.json("/api/v1/episodes/1/hearings")
    assert {k: record[k] for k in ("name", "surface", "seconds", "segment", "state", "text_score", "score")} == {
        "name": "Steve Witkoff", "surface": "witcop", "seconds": 10.0, "segment": 1, "state": "waits",
        "text_score": 0.25, "score": None,
    }  # fmt: skip
    assert (record["asked_at"], record["until"]) == (f"{now:%Y-%m-%dT%H:%M:%SZ}", f"{until:%Y-%m-%dT%H:%M:%SZ}")


# case: (what became of it, whether the name was said, whether only the wider net proposed it, what the page says)
DECIDED = {
    "left": (HearingOutcome.OTHER_AUDIO, True, False, "not heard again: the audio has other words there (0.25 by the text); left to the text"),
    "wide, left": (HearingOutcome.NO_BUDGET, True, True, "not heard again: too much was in doubt; left to the text"),
    "refused": (HearingOutcome.HEARD, False, False, "heard again: Steve Witkoff far less likely than witcop (0.25 by the text, 0.00 with the audio); no mention"),
}  # fmt: skip


@pytest.mark.parametrize("case", DECIDED, ids=str)
def test_an_episode_says_what_became_of_a_name_in_doubt(case: str, rt: Runtime, now: datetime) -> None:
    outcome, said, is_wide, text = DECIDED[case]
    [episode] = store_show(rt, now, [TALK])
    save_doubt(rt.store, episode, now, text=None, outcome=outcome, said=said, is_wide=is_wide)
    page = browse(rt, now)
    assert text.replace("no mention", "its text is not searched again yet") in words(page.read("/episodes/1"))
    find_mentions(rt, now, WITKOFF)
    assert text in words(page.read("/episodes/1"))
    [record] = [h for h in page.json("/api/v1/episodes/1/hearings") if h["surface"] == "witcop"]
    assert (record["until"], record["heard_at"]) == (None, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    assert record["state"] == ("not_found" if case == "refused" else "left")


def test_a_mention_that_was_heard_again_says_so_and_its_place_is_found(rt: Runtime, now: datetime) -> None:
    [episode] = store_show(rt, now, [TALK])
    save_doubt(rt.store, episode, now, text=None, outcome=HearingOutcome.HEARD)
    find_mentions(rt, now, WITKOFF)
    page = browse(rt, now)
    html = page.read("/episodes/1")
    confirmed = "heard again: Steve Witkoff far likelier than witcop"
    assert re.search(rf'<mark class="sounds_like"[^>]*title="witkoff: [^"]*{confirmed}', html)
    [record] = [h for h in page.json("/api/v1/episodes/1/hearings") if h["surface"] == "witcop"]
    assert (record["state"], record["why"]) == ("found", confirmed)


def test_what_waits_is_listed_before_what_was_decided(rt: Runtime, now: datetime) -> None:
    [episode] = store_show(rt, now, [TALK])
    save_doubt(rt.store, episode, now, text=None, outcome=HearingOutcome.NO_TIMES)
    save_doubt(rt.store, episode, now, text=None, surface="witcup")
    listed = browse(rt, now).json("/api/v1/episodes/1/hearings")
    assert [(h["surface"], h["state"]) for h in listed] == [("witcup", "waits"), ("witcop", "left")]


def test_a_name_that_nobody_watches_any_more_is_in_no_list(rt: Runtime, now: datetime) -> None:
    [episode] = store_show(rt, now, [TALK])
    save_doubt(rt.store, episode, now, text=None)
    rt.store.sync_watches([replace(WITKOFF, sounds_like=False)], now)
    page = browse(rt, now)
    assert page.json("/api/v1/episodes/1/hearings") == []
    assert "Names in doubt" not in page.read("/episodes/1")
    assert "in doubt" not in page.read("/coverage")


def test_the_calendar_and_its_days_say_what_waits_and_what_was_left(rt: Runtime, now: datetime) -> None:
    first, second = store_show(rt, now, [TALK, TALK])
    save_doubt(rt.store, first, now, text=None)
    save_doubt(rt.store, second, now, text=None, outcome=HearingOutcome.NO_AUDIO)
    find_mentions(rt, now, WITKOFF)
    page = browse(rt, now)
    both = f"{WAITS}; {GONE.replace('a name in doubt', 'one')}"
    calendar = words(page.read("/coverage"))
    assert calendar.count(both) == 3  # all together, the watch, and the feed
    total = page.json("/api/v1/coverage?watch=witkoff")["total"]
    assert (total["awaiting_hearing"], total["left_to_text"]) == (1, {"no_audio": 1})
    days = [words(page.read(f"/coverage/days/{e.published_at:%Y-%m-%d}")) for e in (first, second)]
    assert "listened to; Steve Witkoff waits to be heard again" in days[0]
    assert "listened to; not heard again for Steve Witkoff: the audio is gone" in days[1]
    assert page.json("/api/v1/coverage?feed=1")["total"]["awaiting_hearing"] == 1


def test_a_watch_lists_what_waits_for_it_in_its_scope(rt: Runtime, now: datetime) -> None:
    [mine] = store_show(rt, now, [TALK])
    [other] = store_show(rt, now, [TALK], feed=Feed(url="https://other.example/feed", title="Other", tags=("x",)))
    rt.store.sync_watches([replace(WITKOFF, scope=Scope(tags=("news",)))], now)
    for episode in (mine, other):
        save_doubt(rt.store, episode, now, text=None)
    page = browse(rt, now)
    text = words(page.read("/watches/witkoff"))
    assert f"Names in doubt In the last 90 days: {WAITS}. “witcop” in Episode 0 The Show waits to be heard" in text
    assert "Other" not in text
    assert f'href="/episodes/{mine.id}#doubts"' in page.read("/watches/witkoff")
