"""The filter of the alerts as it stands in an address, so that a view can be shared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from podwatch.errors import PodwatchError
from podwatch.model import Kind
from podwatch.store.alert_stream import AlertFilter, Outcome

T = TypeVar("T", Kind, Outcome)
LARGEST_ID = 2**63 - 1  # of the databases


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterFields:
    """The fields of the filter as they were typed; "": not set. until is the last day that is shown."""

    watch: str = ""
    feed: str = ""
    since: str = ""
    until: str = ""
    kind: str = ""
    state: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Those that are set, for an address."""
        return {name: value for name in FIELDS if (value := getattr(self, name))}


FIELDS = ("watch", "feed", "since", "until", "kind", "state")


def read_fields(query: Mapping[str, str]) -> FilterFields:
    return FilterFields(**{name: query.get(name, "").strip() for name in FIELDS})


def parse_filter(fields: FilterFields) -> AlertFilter:
    """Raises PodwatchError for a field that says nothing that there is."""
    until = _day(fields.until, "until")
    return AlertFilter(
        watch=_text(fields.watch) or None,
        feed=parse_id(fields.feed, "feed") if fields.feed else None,
        since=_day(fields.since, "since"),
        until=None if until is None else until + timedelta(days=1),
        kind=_choice(Kind, fields.kind, "kind"),
        state=_choice(Outcome, fields.state, "state"),
    )


def parse_id(text: str, where: str) -> int:
    """A number as it stands in an address; raises PodwatchError."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise PodwatchError("is no number of one", where=f"{where}={text}", todo="take the link from a list")
    return int(text)


def parse_day(text: str, where: str) -> date:
    """A day such as 2026-11-03; raises PodwatchError."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year < 9999:
        raise PodwatchError("is no day", where=f"{where}={text}", todo="write it as 2026-11-03")
    return found


def _day(text: str, where: str) -> datetime | None:
    if not text:
        return None
    day = parse_day(text, where)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _text(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _choice(options: type[T], text: str, where: str) -> T | None:
    if not text:
        return None
    try:
        return options(text)
    except ValueError:
        known = ", ".join(o.value for o in options)
        raise PodwatchError("is none of them", where=f"{where}={text}", todo=f"take one of {known}") from None
