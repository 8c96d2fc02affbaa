"""What a new watchlist continues: a watch stays itself under another name, whatever takes its old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from podwatch.errors import WatchlistError
from podwatch.model import Watch
from podwatch.policy.watchlist_changes import StoredState, plan_changes

Entry = tuple[str, str, str]  # name, query, what it was ("": it does not say)


def watch(name: str, query: str, was: str = "", number: int = 0) -> Watch:
    return Watch(name=name, query=query, was=(was,) if was else (), id=number)


def stored(*watches: tuple[str, str], enabled: bool = True) -> list[StoredState]:
    built = [watch(name, query, number=n) for n, (name, query) in enumerate(watches, 1)]
    return [StoredState(w, enabled, w.fingerprint) for w in built]


A, B = ("a", "x"), ("b", "y")
# name: (the stored watches, 1 and 2; the wanted entries; the number of the one that each continues, None: a new watch)
CONTINUES: dict[str, tuple[Sequence[tuple[str, str]], Sequence[Entry], Sequence[int | None]]] = {
    "nothing changes": ([A, B], [("a", "x", ""), ("b", "y", "")], [1, 2]),
    "another search under the same name": ([A], [("a", "z", "")], [1]),
    "a new name, unsaid": ([A, B], [("c", "x", ""), ("b", "y", "")], [1, 2]),
    "only another case": ([("grain", "x")], [("Grain", "x", "")], [1]),
    "a new name and another search, said": ([A], [("c", "z", "a")], [1]),
    "a new name and another search, unsaid": ([A], [("c", "z", "")], [None]),
    "said, and renamed long ago": ([("c", "x")], [("c", "x", "a")], [1]),
    "said, renamed long ago, and a new watch has the old name": (
        [("c", "x"), ("a", "z")], [("c", "x", "a"), ("a", "z", "")], [1, 2]
    ),
    "a new watch takes the old name, unsaid": ([A], [("a", "z", ""), ("c", "x", "")], [None, 1]),
    "a new watch takes the old name, said": ([A], [("a", "z", ""), ("c", "x", "a")], [None, 1]),
    "a new watch takes the old name, said, and the search changes": ([A], [("a", "z", ""), ("c", "w", "a")], [None, 1]),
    "two swap their names": ([A, B], [("a", "y", ""), ("b", "x", "")], [2, 1]),
    "two swap their names, said": ([A, B], [("a", "y", "b"), ("b", "x", "a")], [2, 1]),
    "one takes the name of one that goes": ([A, B], [("a", "y", "")], [2]),
    "two that look for the same get new names: nobody knows which is which": (
        [("a", "x"), ("b", "x")], [("c", "x", ""), ("d", "x", "")], [None, None]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTINUES)
def test_a_watch_is_continued_by_what_it_looks_for_and_by_its_name(case: str) -> None:
    before, entries, numbers = CONTINUES[case]
    plan = plan_changes([watch(*entry) for entry in entries], stored(*before))
    assert [plan.was[e[0]].watch.id if e[0] in plan.was else None for e in entries] == list(numbers)


@pytest.mark.parametrize("case", CONTINUES)
def test_the_same_list_once_more_changes_nothing(case: str) -> None:
    _, entries, _ = CONTINUES[case]
    wanted = [watch(*entry) for entry in entries]
    after = [StoredState(replace(w, id=n), True, w.fingerprint) for n, w in enumerate(wanted, 1)]
    assert plan_changes(wanted, after).is_empty


def test_a_watch_that_left_the_list_is_continued_under_its_name() -> None:
    plan = plan_changes([watch("a", "x")], stored(A, enabled=False))
    assert (plan.back, plan.new) == (("a",), ())


# name: (the wanted entries, what is wrong)
REFUSED: dict[str, tuple[Sequence[Entry], str]] = {
    "it stands there twice": ([("a", "x", ""), ("c", "x", "a")], "says that it was a, which is still on the list"),
    "two say so": ([("c", "x", "a"), ("d", "z", "a")], "says that it was a, and so does c"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_watch_is_continued_by_one_entry(case: str) -> None:
    entries, what = REFUSED[case]
    with pytest.raises(WatchlistError, match=what):
        plan_changes([watch(*entry) for entry in entries], stored(A))
