"""A mark is a single fact: the last one set holds, and others do not change it."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.store.database import Store
from podwatch.store.marks import Mark


def test_a_mark_holds_what_was_set_last(store: Store, now: datetime) -> None:
    assert store.mark("line") is None
    store.set_mark("line", now)
    store.set_mark("other", now, "word")
    assert store.mark("line") == Mark(now, "")
    store.set_mark("line", now + timedelta(days=1), "4 verbs")
    assert store.mark("line") == Mark(now + timedelta(days=1), "4 verbs")
    assert store.mark("other") == Mark(now, "word")


def test_of_two_who_move_a_mark_from_where_it_was_one_does(store: Store, now: datetime) -> None:
    store.set_mark("announced", now, "7")
    assert store.move_mark("announced", "7", now, "9")
    assert not store.move_mark("announced", "7", now, "8")
    assert store.mark("announced") == Mark(now, "9")
