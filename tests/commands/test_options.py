"""What people type for moments and lengths, and names that nothing has: each is understood, or one line says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from podwatch.commands import cli
from podwatch.commands.options import parse_day, parse_end, parse_future, parse_length, parse_moment
from podwatch.errors import suggest_name

NOW = datetime(2026, 11, 9, 14, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


READ: dict[tuple[Callable[[str, datetime], datetime], str], datetime] = {
    (parse_moment, "2026-11-03"): at("2026-11-03"),
    (parse_moment, "2026-11-03T08:30"): at("2026-11-03T08:30"),
    (parse_moment, "2026-11-03 08:30"): at("2026-11-03T08:30"),
    (parse_moment, "7d"): NOW - timedelta(days=7),
    (parse_moment, " 2 weeks "): NOW - timedelta(days=14),
    (parse_moment, "30m"): NOW - timedelta(minutes=30),
    (parse_moment, "2H"): NOW - timedelta(hours=2),
    (parse_moment, "today"): at("2026-11-09"),
    (parse_moment, "Yesterday"): at("2026-11-08"),
    (parse_end, "2026-11-03"): at("2026-11-04"),
    (parse_end, "yesterday"): at("2026-11-09"),
    (parse_end, "2026-11-03T08:30"): at("2026-11-03T08:30"),
    (parse_end, "7d"): NOW - timedelta(days=7),
    (parse_day, "7d"): at("2026-11-02"),
    (parse_day, "2026-11-03"): at("2026-11-03"),
    (parse_future, "2d"): NOW + timedelta(days=2),
    (parse_future, "2026-12-24"): at("2026-12-24"),
    (parse_future, "2026-12-24T18:00"): at("2026-12-24T18:00"),
}


@pytest.mark.parametrize(("read", "text"), READ, ids=lambda v: getattr(v, "__name__", str(v)))
def test_a_moment_is_a_day_a_minute_or_so_long_before_or_after_now(
    read: Callable[[str, datetime], datetime], text: str
) -> None:
    assert read(text, NOW) == READ[read, text]


@pytest.mark.parametrize(
    "text", ["", "soon", "7", "d", "-7d", "2026-13-01", "2026-02-30", "2026-11", "03.11.2026", "7d2h"]
)
@pytest.mark.parametrize("read", [parse_moment, parse_end, parse_day, parse_future], ids=lambda f: f.__name__)
def test_what_is_no_moment_is_refused_with_examples(read: Callable[[str, datetime], datetime], text: str) -> None:
    with pytest.raises(cli.BadParameter, match=r"neither a day like 2026-1\d-\d\d nor a"):
        read(text, NOW)


def test_a_length_is_a_number_and_a_unit() -> None:
    assert parse_length("36h") == timedelta(hours=36)
    with pytest.raises(cli.BadParameter, match="soon: should be like 30m, 12h, 3d or 1w"):
        parse_length("soon")


# (given, known) -> what is said
NAMES = {
    ("grian", ("grain", "wheat")): "did you mean grain?",
    ("Grain", ("grain",)): "did you mean grain?",
    ("Trade winds", ("Trade Winds Weekly", "grain")): "did you mean Trade Winds Weekly?",
    ("oats", ("grain", "wheat")): "look",
    ("", ()): "look",
}


@pytest.mark.parametrize(("given", "known"), NAMES, ids=str)
def test_a_name_that_nothing_has_suggests_one_that_is_near(given: str, known: tuple[str, ...]) -> None:
    assert suggest_name(given, known, "look") == NAMES[given, known]
