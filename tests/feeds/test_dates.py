"""The dates that feeds write, in every form that was seen, are read as the times they mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch import feeds
from podwatch.feeds.dates import parse_date_text
from tests.support.feed_oracle import CONTENT_TYPE, URL
from tests.support.feed_parsers import InProcessParser

# What a feed writes, and the time in UTC that it means; without a zone it is UTC's. None: it cannot be known.
DATES: dict[str, str | None] = {
    "Sun, 29 Jan 2017 00:30:00 CEST": "2017-01-28T22:30:00",
    "Tue, 04 Aug 2026 06:30:00 BST": "2026-08-04T05:30:00",
    "Tue, 04 Aug 2026 06:30:00 AEST": "2026-08-03T20:30:00",
    "Tue, 04 Aug 2026 06:30:00 JST": "2026-08-03T21:30:00",
    "Tue, 04 Aug 2026 06:30:00 EDT": "2026-08-04T10:30:00",
    "Tue, 04 Aug 2026 06:30:00 GMT+2": "2026-08-04T04:30:00",
    "Tue, 04 Aug 2026 06:30:00 UTC+02:00": "2026-08-04T04:30:00",
    "Tue, 04 Aug 2026 06:30:00 PM EST": "2026-08-04T23:30:00",
    "Tue, 04 Aug 2026 06:30:00 GMT-0500": "2026-08-04T11:30:00",
    "Tue, 04 Aug 2026 06:30:00 +0200 (CEST)": "2026-08-04T04:30:00",
    "Tue, 04 Aug 2026 06:30:00 (CEST)": "2026-08-04T04:30:00",
    "Seg, 24 Set 2018 19:42:40 -0300": "2018-09-24T22:42:40",
    "mer, 16 nov 2022 00:38:15 +0100": "2022-11-15T23:38:15",
    "Mi, 16 Nov 2022 00:38:15 +0100": "2022-11-15T23:38:15",
    "Sun, 28 Apr 2013 15:12:352 CST": "2013-04-28T21:12:35",
    "Sat, 07 Mar 2009 24:28:20 CST": "2009-03-08T06:28:20",
    "01 Jan 70 01:00:00 +0100": "1970-01-01T00:00:00",
    "November 17, 1995": "1995-11-17T00:00:00",
    "Tue,04 Aug 2026 06:30:00 GMT": "2026-08-04T06:30:00",
    "Tue, 04 Aug 2026 24:00:00 GMT": "2026-08-05T00:00:00",
    "Tue, 04 Aug 2026 06:30:00": "2026-08-04T06:30:00",
    "2026-08-04T06:30:00Z": "2026-08-04T06:30:00",
    "2026-08-04T06:30:00.123+02:00": "2026-08-04T04:30:00",
    "2026-08-04 06:30:00": "2026-08-04T06:30:00",
    "2026-08-04 06:30:00 -0500": "2026-08-04T11:30:00",
    "2026-08-04": "2026-08-04T00:00:00",
    "20260804T063000Z": "2026-08-04T06:30:00",
    "20260804": "2026-08-04T00:00:00",
    "20260804063000": "2026-08-04T06:30:00",
    "2026-08-04T06:30Z": "2026-08-04T06:30:00",
    "2026-08-04T06:30+0200": "2026-08-04T04:30:00",
    "Di, 04 Aug 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "mar., 04 août 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "mardi 4 août 2026 à 18h30": "2026-08-04T18:30:00",
    "mar, 04 ago 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "Ter, 04 Ago 2026 06:30:00 -0300": "2026-08-04T09:30:00",
    "di, 04 aug 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "wt., 04 sie 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "wtorek, 4 sierpnia 2026 06:30": "2026-08-04T06:30:00",
    "tis, 04 aug 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "tir, 04 maj 2026 06:30:00 +0200": "2026-05-04T04:30:00",
    "Вт, 04 авг 2026 06:30:00 +0300": "2026-08-04T03:30:00",
    "вторник, 4 мая 2026 г. 06:30 MSK": "2026-05-04T03:30:00",
    "Sal, 04 Ağu 2026 06:30:00 +0300": "2026-08-04T03:30:00",
    "Τρί, 04 Αυγ 2026 06:30:00 +0300": "2026-08-04T03:30:00",
    "An, 04 rugpjūčio 2026 06:30": "2026-08-04T06:30:00",
    "O, 04 augusts 2026 06:30": "2026-08-04T06:30:00",
    "04 أغسطس 2026 06:30": "2026-08-04T06:30:00",
    "04 אוגוסט 2026 06:30": "2026-08-04T06:30:00",
    "dt., 04 ag. 2026 06:30": "2026-08-04T06:30:00",
    "1785825000000": "2026-08-04T06:30:00",
    "Paz, 04 Eki 2026 06:30:00 +0300": "2026-10-04T03:30:00",
    "út, 04 srp 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "4. März 2026": "2026-03-04T00:00:00",
    "4. März 2026, 18:30 Uhr": "2026-03-04T18:30:00",
    "4.8.2026 18.30": "2026-08-04T18:30:00",
    "04.08.2026 18:30:00": "2026-08-04T18:30:00",
    "04.08.2026": "2026-08-04T00:00:00",
    "24/08/2026": "2026-08-24T00:00:00",
    "08/24/2026": "2026-08-24T00:00:00",
    "04/08/2026": None,
    "Tue, 08/04/2026": "2026-08-04T00:00:00",
    "8/4/2026 6:30:00 PM": "2026-08-04T18:30:00",
    "8/4/2026 6:30 p.m.": "2026-08-04T18:30:00",
    "Aug 4, 2026 6 PM EST": "2026-08-04T23:00:00",
    "Tue Aug  4 06:30:00 2026": "2026-08-04T06:30:00",
    "Tue Aug  4 06:30:00 EDT 2026": "2026-08-04T10:30:00",
    "Tue, 4-Aug-2026 06:30:00 GMT": "2026-08-04T06:30:00",
    "Tuesday, 04-Aug-26 06:30:00 GMT": "2026-08-04T06:30:00",
    "August 4th, 2026": "2026-08-04T00:00:00",
    "4 de agosto de 2026": "2026-08-04T00:00:00",
    "Tue, 04 Aug 2026 12:30:00 AM": "2026-08-04T00:30:00",
    "Tue, 04 Aug 2026 12:30:00 PM": "2026-08-04T12:30:00",
    "Tue, 04 Aug 2026 18:30:00 PM": "2026-08-04T18:30:00",
    "Tue, 04 Aug 2026 6:30:00 GMT": "2026-08-04T06:30:00",
    "Tue, 04 Aug 2026 06:30 NZST": "2026-08-03T18:30:00",
    "Tue, 04 Aug 2026 06:30:00 IST": "2026-08-04T01:00:00",
    "Tue, 04 Aug 2026 06:30:00 XYZ": "2026-08-04T06:30:00",
    "Tue, 04 Aug 2026 06:30:00 +5:30": "2026-08-04T01:00:00",
    "Tue, 04 Aug 2026 06:30:00 -03": "2026-08-04T09:30:00",
    "Tue, 04 Aug 2026 06:30:00Z": "2026-08-04T06:30:00",
    "Tue, 04 Aug 2026 06:30:00 −0500": "2026-08-04T11:30:00",
    "Tue, 4 août 2026 06:30:00 GMT": "2026-08-04T06:30:00",
    "Tue, 31 Jun 2026 06:30:00 GMT": "2026-07-01T06:30:00",
    "Tue, 04 Aug 2026 25:61:00 GMT": "2026-08-04T00:00:00",
    "2026年8月4日": "2026-08-04T00:00:00",
    "2026년 8월 4일": "2026-08-04T00:00:00",
    "2026年8月4日 18時30分": "2026-08-04T18:30:00",
    "1785825000": "2026-08-04T06:30:00",
    "2026/08/04 06:30:00": "2026-08-04T06:30:00",
    "Sept 4, 2026": "2026-09-04T00:00:00",
    "06:30 on 4 August 2026": "2026-08-04T06:30:00",
    "03-08-2026": "2026-08-03T00:00:00",
    "not a date": None,
    "yesterday": None,
    "": None,
    "Tue, 04 Aug 126 06:30:00 GMT": "2026-08-04T06:30:00",
    "Tue, 04 Aug 95 06:30:00 GMT": "1995-08-04T06:30:00",
    "2026-08-04T24:00:00Z": "2026-08-05T00:00:00",
    "2026-08-04T06:30:00 PM": "2026-08-04T18:30:00",
    "Tue, 04 Aug 2026 06.30.00 GMT": "2026-08-04T06:30:00",
    "juil. 14, 2026": "2026-07-14T00:00:00",
    "ven, 4 giu 2026 10:00:00 CET": "2026-06-04T09:00:00",
    "Tue, 00 Aug 2026 06:30:00 GMT": None,
    "0000-00-00 00:00:00": None,
    "2026-08": "2026-08-01T00:00:00",
    "2026": "2026-01-01T00:00:00",
    "12": None,
    "12:30": None,
    "0000-08-04": None,
    "Thu, 32 Dec 2020": None,
    "November 1995": "1995-11-01T00:00:00",
    "ti, 04 elokuuta 2026 06:30": "2026-08-04T06:30:00",
    "kedd, 04 aug 2026 06:30:00 +0200": "2026-08-04T04:30:00",
    "man, 04 mai 2026 06:30:00 MEZ": "2026-05-04T05:30:00",
    "Tue, 04 Aug 2026 06:30:00 A.M. MSK": "2026-08-04T03:30:00",
    "Tue, 04 Aug 2026 06:30:00 HST": "2026-08-04T16:30:00",
    "Tue , 04 Aug 2026 06:30:00 GMT": "2026-08-04T06:30:00",
    "Tue, 04 Aug 2026, 06:30": "2026-08-04T06:30:00",
    "  Tue,  04  Aug  2026  06:30:00  GMT ": "2026-08-04T06:30:00",
}  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_as_it_is_meant(text: str) -> None:
    found = parse_date_text(text)
    expected = DATES[text]
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize("tag", ["pubDate", "dc:date", "published"])
def test_an_item_has_the_date_that_its_feed_writes(tag: str) -> None:
    body = (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>S</title><item><guid>g</guid>"
        f"<{tag}>Seg, 24 Set 2018 19:42:40 -0300</{tag}></item><item><guid>h</guid><{tag}>12</{tag}></item></channel></rss>"
    )
    one, two = feeds.read_feed(body.encode(), URL, CONTENT_TYPE, None, InProcessParser()).episodes
    assert one.published_at == datetime(2018, 9, 24, 22, 42, 40, tzinfo=UTC)
    assert two.published_at is None


@given(st.integers(-600_000_000, 4_100_000_000), st.integers(-14 * 60, 14 * 60))
def test_the_standards_forms_are_read_to_the_second(seconds: int, offset: int) -> None:
    when = datetime.fromtimestamp(seconds, UTC)
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    local = when.strftime("%a, %d %b %Y %H:%M:%S ")
    for text in (f"{local}{sign}{hours:02}{minutes:02}", f"{when:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{minutes:02}"):
        found = parse_date_text(text)
        assert found is not None
        assert found.timestamp() == seconds - offset * 60


@given(st.text(max_size=140))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = parse_date_text(text)
    assert found is None or found.tzinfo is UTC
