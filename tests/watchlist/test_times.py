"""Times as people write them in a watchlist, and what is said of those that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from podwatch.model import QuietHours, Schedule
from podwatch.policy.holds import quiet_until
from podwatch.watchlist.times import parse_digest_times, parse_pause, parse_quiet_hours

BERLIN = "Europe/Berlin"
DIGESTS = {
    "daily 08:00": Schedule(time(8, 0)),
    "daily 8:00 Europe/Berlin": Schedule(time(8, 0), zone=BERLIN),
    "Weekdays 17:30": Schedule(time(17, 30), (0, 1, 2, 3, 4)),
    "weekly mon 09:00": Schedule(time(9, 0), (0,)),
    "weekly thursday, Mon 09:00 Europe/Berlin": Schedule(time(9, 0), (0, 3), BERLIN),
    "  daily   00:00  UTC ": Schedule(time(0, 0)),
}


@pytest.mark.parametrize("text", DIGESTS)
def test_a_digest_goes_out_when_it_says(text: str) -> None:
    assert parse_digest_times(text) == DIGESTS[text]


BAD_DIGESTS = {
    "": "should be like daily 08:00",
    "hourly 08:00": "should be like daily 08:00",
    "daily": "should be like daily 08:00",
    "daily 8": "should be like daily 08:00",
    "daily mon 08:00": "should be like daily 08:00",
    "weekly 08:00": "should be like daily 08:00",
    "weekly noday 08:00": "nod is no day of the week",
    "daily 24:00": "24:00 is no time of day",
    "daily 08:60": "08:60 is no time of day",
    "daily 08:00 Mars/Base": "there is no time zone Mars/Base",
    "daily 08:00 ../../etc/passwd": "there is no time zone ../../etc/passwd",
    "daily 08:00 Europe": "there is no time zone Europe",
}


@pytest.mark.parametrize("text", BAD_DIGESTS)
def test_what_is_no_time_for_a_digest_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=BAD_DIGESTS[text].replace(".", r"\.")):
        parse_digest_times(text)


def test_quiet_hours_may_pass_midnight_and_have_a_zone() -> None:
    assert parse_quiet_hours("22:00-07:00 Europe/Berlin") == QuietHours(time(22), time(7), BERLIN)
    assert parse_quiet_hours("12:00 to 13:30") == QuietHours(time(12), time(13, 30))


# 24:00 is the end of a day, and no time that a day begins with.
MIDNIGHTS = {
    "18:00-24:00 Europe/Berlin": QuietHours(time(18), time(0), BERLIN),
    "18:00-00:00 Europe/Berlin": QuietHours(time(18), time(0), BERLIN),
    "22:00 to 24:00": QuietHours(time(22), time(0)),
    "00:30-24:00": QuietHours(time(0, 30), time(0)),
    "0:00-7:00": QuietHours(time(0), time(7)),
}


@pytest.mark.parametrize("text", MIDNIGHTS)
def test_quiet_hours_may_end_at_24_o_clock(text: str) -> None:
    assert parse_quiet_hours(text) == MIDNIGHTS[text]


def test_quiet_hours_until_24_o_clock_end_with_the_day() -> None:
    quiet = parse_quiet_hours("18:00-24:00")
    for hour, ends in ((17, None), (18, 4), (23, 4), (0, None)):
        until = quiet_until(quiet, datetime(2026, 11, 3, hour, tzinfo=UTC))
        assert until == (None if ends is None else datetime(2026, 11, ends, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "22-07",
        "22:00",
        "22:00-25:00",
        "22:00-07:00 Nowhere",
        "08:00-08:00",
        "24:00-07:00",
        "22:00-24:01",
        "00:00-24:00",
    ],
)
def test_what_is_no_stretch_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_quiet_hours(text)


@pytest.mark.parametrize(
    ("text", "seconds"), {"30m": 1800, "12h": 43200, "3 d": 259200, "1W": 604800, "2 days": 172800}.items()
)
def test_a_pause_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_pause(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "12", "h", "-1h", "1.5h", "99999d"])
def test_what_is_no_pause_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be like 30m, 12h, 3d or 1w"):
        parse_pause(text)
