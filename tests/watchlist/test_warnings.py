"""What a watchlist says without a mistake of form, and does not mean: each is a warning that says what to write."""

from __future__ import annotations

import pytest

from podwatch.model import Scope, Watch
from podwatch.query import clause_of
from podwatch.query.clauses import Clause
from podwatch.watchlist.warnings import find_list_warnings, find_lost_values, find_scope_warnings


def said(watch: Watch) -> list[tuple[int, str, str]]:
    clauses = {watch.name: c} if isinstance(c := clause_of(watch), Clause) else {}
    return [(f.column, f.message, f.todo) for f in find_list_warnings([watch], clauses)]


# query -> column of the sign, or None where nothing is said
COMMAS = {
    "grain, wheat": 6,
    "grain,wheat": 6,
    "wheat grain; rice": 12,
    "(grain, wheat) AND sea": 7,
    "a OR b, c": 7,
    '"black sea, and more" grain': None,
    "1,000 ships": None,
    '"grain, wheat"': None,
    "AT&T": None,
    "/grain{1,2}/": None,
    "(grain){1,2}": None,
    "grain OR wheat": None,
}


@pytest.mark.parametrize("query", COMMAS, ids=str)
def test_a_comma_between_words_is_a_warning(query: str) -> None:
    found = said(Watch(name="w", query=query))
    assert [column for column, *_ in found] == ([] if COMMAS[query] is None else [COMMAS[query]])
    assert all("write OR in its place" in todo for *_, todo in found)


# channel -> what is to be done, or None where nothing is said
CHANNELS = {
    "#trade": None,
    "#handel-und-häfen_2": None,
    "C0123456789": None,
    "@jane.doe": None,
    "console:": None,
    "mailto:a@example.org": None,
    "webhook:desk": None,
    "https://a.example/x": None,
    "#trade desk": "did you mean #trade-desk?",
    "#trade.news": "did you mean #trade-news?",
    "#Trade & News": "did you mean #trade-news?",
    "team@example.org": "did you mean mailto:team@example.org?",
    "mail:team@example.org": "did you mean mailto:?",
    "webhok:desk": "did you mean webhook:?",
    "#" + "x" * 90: "at most 80",
    "#!": "a name has lower-case letters",
}


@pytest.mark.parametrize("channel", CHANNELS, ids=str)
def test_a_channel_that_slack_cannot_have_is_a_warning(channel: str) -> None:
    found = said(Watch(name="w", query="x", channel=channel))
    assert len(found) == (CHANNELS[channel] is not None)
    assert all(str(CHANNELS[channel]) in todo for *_, todo in found)


def test_a_channel_of_many_watches_is_said_once() -> None:
    watches = [Watch(name=f"w{n}", query=f"x{n}", channel="#a b") for n in range(3)]
    assert [f.watch for f in find_list_warnings(watches, {})] == ["w0"]


TAGS, URLS = ("politics", "europe"), ("https://a.example/feed",)
SCOPES = {
    "a tag that feeds have": (Scope(tags=("politics",)), []),
    "a tag mistyped": (Scope(tags=("politic",)), ["no feed has the tag politic - did you mean politics?"]),
    "a tag left out that nothing has": (Scope(not_tags=("sports",)), ["no feed has the tag sports - see podwatch feeds list"]),
    "an address mistyped": (Scope(urls=("https://a.example/fed",)),
                            ["no feed has the address https://a.example/fed - did you mean https://a.example/feed?"]),
    "an address": (Scope(urls=URLS), []),
}  # fmt: skip


@pytest.mark.parametrize("case", SCOPES, ids=str)
def test_a_scope_that_no_feed_is_in_is_a_warning(case: str) -> None:
    scope, lines = SCOPES[case]
    watches = [Watch(name="w", query="x", scope=scope)]
    assert [f"{f.message} - {f.todo}" for f in find_scope_warnings(watches, TAGS, URLS)] == lines
    assert list(find_scope_warnings(watches, (), ())) == [], "before there are feeds"


# a line -> the column of what is lost, or None
LOST = {
    "    channel: #trade": 14,
    "  - channel: #trade": 14,
    "    query: grain #wheat": 18,
    "    query: grain # the cereal": None,
    "    channel: # which?": None,
    '    channel: "#trade"': None,
    "    channel: '#trade' # ours": None,
    "    query: '#grain'": None,
    "# channel: #trade": None,
    '    query: "grain" #wheat': None,
}


@pytest.mark.parametrize("line", LOST, ids=str)
def test_a_hash_that_begins_a_comment_by_mistake_is_a_warning(line: str) -> None:
    found = [(number, column) for number, column, _ in find_lost_values(f"watches:\n{line}\n")]
    assert found == ([] if LOST[line] is None else [(2, LOST[line])])
