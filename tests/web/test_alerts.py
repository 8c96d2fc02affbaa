"""The stream of alerts: what is in it, how it is filtered, and what becomes of an answer."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, update

from podwatch.model import DeliveryState, HoldReason, Verdict, measure_precision
from podwatch.runtime import Runtime
from podwatch.store.tables import deliveries, mentions
from tests.support.page_visitors import GRAIN, LEE, READER, Member, browse, find_mentions, store_show

ATOM = "{http://www.w3.org/2005/Atom}"


@contextmanager
def counted(rt: Runtime) -> Iterator[list[str]]:
    """The statements that are run inside."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(rt.store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(rt.store.engine, "before_cursor_execute", note)


def shown_alerts(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'<article class="alert" id="a(\d+)"', text)]


def set_fate(rt: Runtime, id: int, **values: object) -> None:
    rt.store.execute(update(deliveries).where(deliveries.c.id == id).values(**values))


def test_an_alert_says_what_was_said_where_and_why(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["Hello there./Ann Lee sold grain."])
    find_mentions(either, now)
    text = browse(either, now).read("/alerts")
    assert shown_alerts(text) == [2, 1]
    assert '<mark class="exact">grain</mark>' in text
    assert '<span class="speaker">Bob:</span>' in text
    assert re.search(r'href="/episodes/1\?t=1\d\.\d#m1"', text)
    assert "waits to be sent to #trade" in text
    assert "The Show · <a href" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]), ("watch=grain", [4, 2]), ("watch=lee", [3, 1]), ("watch=nobody", []), ("feed=1", [4, 3, 2, 1]), ("feed=2", []),
        ("kind=alias", [3]), ("kind=exact&watch=grain", [4, 2]), ("state=sent", [1]), ("state=held", [2]), ("state=dead", [3]), ("state=waiting", [4]),
        ("since=2026-11-03", [4, 3, 2, 1]), ("since=2026-11-04", []), ("until=2026-11-03", [4, 3, 2, 1]), ("until=2026-11-02", []), ("before=3", [2, 1]),
    ],
)  # fmt: skip
def test_the_filter_of_the_address_is_that_of_every_form(
    query: str, found: list[int], either: Runtime, now: datetime
) -> None:
    store_show(either, now, ["Ann Lee and grain", "Dr Lee and grain"])
    find_mentions(either, now)
    set_fate(either, 1, state=DeliveryState.SENT.value, sent_at=now)
    set_fate(either, 2, state=DeliveryState.HELD.value, reason=HoldReason.MUTED_WATCH.name)
    set_fate(either, 3, state=DeliveryState.DEAD.value, error="no such channel")
    browser = browse(either, now)
    assert shown_alerts(browser.read(f"/alerts?{query}")) == found
    assert [a["id"] for a in browser.json(f"/api/v1/alerts?{query}")["alerts"]] == found
    if "before" not in query:
        rows = list(csv.DictReader(io.StringIO(browser.read(f"/alerts.csv?{query}"))))
        assert list(dict.fromkeys(int(r["alert"]) for r in rows)) == found
        assert len(ET.fromstring(browser.read(f"/alerts.atom?{query}")).findall(f"{ATOM}entry")) == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "kind=loud",
        "state=lost",
        "feed=x",
        "feed=-1",
        "before=1e9",
        "feed=99999999999999999999",
        "since=0001-01-01",
        "until=9999-12-31",
    ],
)
def test_a_filter_that_says_nothing_is_one_clear_line(query: str, rt: Runtime, now: datetime) -> None:
    text = browse(rt, now).read(f"/alerts?{query}", 400)
    assert "That did not work" in text
    assert query in text


def test_a_watch_of_any_name_is_found_by_its_address(rt: Runtime, now: datetime) -> None:
    names = ["a/b", "50% off?", "x & y=z", "ü #1", "a..b"]
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now, *(replace(GRAIN, name=n) for n in names))
    browser = browse(rt, now)
    for link in re.findall(r'class="watch" href="([^"]+)"', browser.read("/alerts")):
        assert ">grain</mark>" in browser.read(link.replace("&amp;", "&"))
    assert len(set(re.findall(r'class="watch" href="([^"]+)"', browser.read("/watches")))) == len(names)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "sent", "sent_at": True, "notifier": "slack", "remote_channel": "C123", "remote_id": "17.5"}, "https://slack.com/archives/C123/p175"),
        ({"state": "held", "reason": "MUTED_SHOW"}, "held: the show was muted"),
        ({"state": "held", "reason": "DIGEST"}, "goes to #trade with the next digest"),
        ({"state": "dead", "error": "it says https://x.example/?token=abc"}, "could not be sent to #trade: it says https://x.example/?token=***"),
        ({"state": "retry", "error": "429"}, "not sent to #trade yet: 429; it is tried again"),
        ({"state": "sent", "sent_at": True, "notifier": "mail", "remote_channel": "C123", "remote_id": "17.5"}, "sent to #trade"),
    ],
)  # fmt: skip
def test_an_alert_says_what_became_of_it(values: dict[str, object], said: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    set_fate(rt, 1, **{k: now if v is True else v for k, v in values.items()})
    text = browse(rt, now).read("/alerts")
    assert said in text
    assert "token=abc" not in text
    assert ("slack.com" in text) == (values.get("notifier") == "slack")


def test_an_answer_counts_as_one_of_slacks_and_is_noted(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain"])
    find_mentions(either, now)
    browser = browse(either, now, Member("airflow:ada"))
    response = browser.send("/alerts/1/answers", {"verdict": "wrong", "back": "/alerts?watch=grain"})
    assert response.headers["location"].startswith("/alerts?watch=grain&said=Noted%3A+wrong.")
    assert measure_precision(either.store.standing_verdicts())["grain"].wrong == 1
    browser.send("/alerts/1/answers", {"verdict": "relevant"})
    later = browse(either, now + timedelta(minutes=1), Member("airflow:ada"))
    said = later.send("/alerts/1/answers", {"verdict": "relevant"}, Accept="application/json").json()["said"]
    assert said.startswith("Noted: relevant.")
    assert measure_precision(either.store.standing_verdicts())["grain"].relevant == 1
    newest, *_, first = either.store.list_audit()
    assert (first.who, first.action, first.before, first.after) == (
        "airflow:ada",
        "answer",
        {"answers": []},
        {"answer": "wrong"},
    )
    assert "wrong by airflow:ada" in (newest.before or {})["answers"]
    assert "alert 1: grain in Episode 0" in browser.read("/changes")


@pytest.mark.parametrize(
    ("verdict", "view"), [(Verdict.SNOOZE_WATCH, "/watches/grain"), (Verdict.SNOOZE_WATCH, "/watches")]
)
def test_a_snooze_is_shown_and_can_be_ended(verdict: Verdict, view: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    browser = browse(rt, now)
    browser.send("/alerts/1/answers", {"verdict": verdict.value})
    assert re.search(r"[Mm]uted\s+until", browser.read(view))
    assert browser.send("/mutes/1/end", {"back": view}).headers["location"] == view
    assert not re.search(r"[Mm]uted\s+until", browser.read(view))
    assert rt.store.list_audit()[0].action == "end mute"
    assert browser.send("/mutes/1/end", {"back": view}).status_code == 404


def test_an_answer_to_what_is_gone_is_said_to_be_none(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now)
    assert browser.send("/alerts/7/answers", {"verdict": "wrong"}).status_code == 404
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    assert browser.send("/alerts/1/answers", {"verdict": "maybe"}).status_code == 400
    rt.store.remove_feed("https://show.example/feed")
    assert "an episode whose feed was removed" in browser.read("/alerts")


def test_a_page_of_fifty_alerts_takes_no_more_statements_than_one_of_two(either: Runtime, now: datetime) -> None:
    browser = browse(either, now)
    store_show(either, now, ["grain, grain and Ann Lee"])
    find_mentions(either, now)
    with counted(either) as few:
        browser.read("/alerts")
    store_show(
        either,
        now,
        ["grain, grain and Ann Lee"] * 60,
        change=lambda e: replace(e, guid=f"again {e.guid}", title=f"Again {e.guid}", audio_url=f"{e.audio_url}?2"),
    )
    find_mentions(either, now)
    with counted(either) as many:
        text = browser.read("/alerts")
    assert len(shown_alerts(text)) == 50
    assert len(many) == len(few) <= 12


def test_a_mention_that_is_gone_is_shown_no_more(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain, the grain"])
    find_mentions(either, now)
    browser = browse(either, now)
    either.store.execute(update(mentions).where(mentions.c.id == 1).values(gone_at=now))
    assert browser.read("/alerts").count("<mark") == 1
    assert browser.read("/episodes/1").count("<mark") == 1
    either.store.execute(update(mentions).values(gone_at=now))
    assert "its mentions are gone from the transcript" in browser.read("/alerts")
    assert shown_alerts(browser.read("/alerts?kind=exact")) == []


def test_older_alerts_are_reached_page_by_page_each_once(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["grain and Ann Lee"] * 60)
    find_mentions(rt, now)
    browser, path, seen = browse(rt, now), "/alerts?watch=grain", []
    while path:
        text = browser.read(path)
        seen += shown_alerts(text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen, reverse=True)


def test_a_feed_reader_reads_its_view_until_it_is_revoked(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["Ann Lee and grain"])
    find_mentions(either, now)
    browser = browse(either, now)
    made = browser.send("/subscriptions", {"view": "watch=grain"}).text
    found = re.search(r"http://testserver(/subscriptions/[\w-]+/alerts\.atom)", made)
    assert found
    reader = browse(either, now, READER)
    titles = [e.text for e in ET.fromstring(reader.read(found[1])).iter(f"{ATOM}title")]
    assert titles == ["podwatch: watch grain", "grain: The Show - Episode 0"]
    assert found[1].split("/")[2] not in browser.read("/subscriptions")
    assert browser.send("/subscriptions/1/revoke", {}).status_code == 303
    reader.read(found[1], 404)
    assert [e.action for e in either.store.list_audit()] == ["revoke token", "make token"]


@pytest.mark.parametrize(
    ("stored", "said"),
    [("nothing", "Add the feeds"), ("feed", "make the first watch"), ("watch", "listened to 0 of 1 episode"), ("filter", "No alert fits this filter")],
)  # fmt: skip
def test_an_empty_stream_says_what_to_do_next(stored: str, said: str, rt: Runtime, now: datetime) -> None:
    if stored != "nothing":
        store_show(rt, now, [None])
    if stored in ("watch", "filter"):
        find_mentions(rt, now, GRAIN, LEE)
    assert said in browse(rt, now).read("/alerts?watch=lee" if stored == "filter" else "/alerts")
