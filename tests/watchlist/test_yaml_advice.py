"""A text that is no YAML says how to write the value that broke it; field errors hide neither queries nor each other."""

from __future__ import annotations

import pytest

from podwatch.errors import WatchlistError
from podwatch.watchlist.loader import parse_watchlist


def mistakes(text: str) -> list[str]:
    try:
        parse_watchlist(text, "w.yaml")
    except WatchlistError as e:
        return [e.line]
    except ExceptionGroup as group:
        return [e.line for e in group.exceptions if isinstance(e, WatchlistError)]
    return []


# the lines of a watch -> what to do
ADVICE = {
    'query: "black sea" NEAR/10 grain': """put the query in single quotes: query: '"black sea" NEAR/10 grain'""",
    "query: 'a b' OR c": "put the query in single quotes: query: '''a b'' OR c'",
    "query: *burg": "put the query in single quotes: query: '*burg'",
    "query: title: grain": "put the query in single quotes: query: 'title: grain'",
    "query: @here": "put the query in single quotes: query: '@here'",
    "query: `x`": "put the query in single quotes: query: '`x`'",
    'entity: "Bank" of America': """put the entity in single quotes: entity: '"Bank" of America'""",
}


@pytest.mark.parametrize("line", ADVICE, ids=str)
@pytest.mark.parametrize("below", ["", "    channel: '#a'\n"], ids=["alone", "with a line below"])
def test_a_value_that_needs_quotes_is_shown_with_them(line: str, below: str) -> None:
    [said] = mistakes(f"watches:\n  - name: a\n    {line}\n{below}")
    assert said.startswith("w.yaml:")
    assert " is not YAML: " in said
    assert said.endswith(f" - {ADVICE[line]}")


FLOW = {
    'watches: [{name: a, query: "black sea" NEAR/5 x}]\n': "put the query in single quotes",
    "watches: [{name: a, query: x, channel: #trade}]\n": '# begins a comment: write "#trade" in quotes',
}


@pytest.mark.parametrize("text", FLOW, ids=str)
def test_so_it_is_within_braces(text: str) -> None:
    [said] = mistakes(text)
    assert FLOW[text] in said


def test_the_corrected_value_is_one_that_yaml_takes() -> None:
    for line, advice in ADVICE.items():
        corrected = advice.partition(": ")[2]
        assert not any("is not YAML" in m for m in mistakes(f"watches:\n  - name: a\n    {corrected}\n")), line


UNKNOWN = {
    "watches:\n  - {name: a, querry: x}\n": "querry: is not a known field - did you mean query?",
    "watches:\n  - {name: a, query: x, chanel: y}\n": "chanel: is not a known field - did you mean channel?",
    "watches:\n  - {name: a, query: x, feeds: {tag: [y]}}\n": "feeds.tag: is not a known field - did you mean tags?",
    "watches:\n  - {name: a, query: x, feeds: {exclude: {url: [y]}}}\n": "did you mean urls?",
    "watches:\n  - {name: a, surge: {type: [person]}}\n": "surge.type: is not a known field - did you mean types?",
    "default: {}\nwatches: []\n": "default: is not a known field - did you mean defaults?",
    "defaults: {chanel: x}\nwatches: []\n": "defaults.chanel: is not a known field - did you mean channel?",
    "channels: {'#a': {quite: x}}\nwatches: []\n": "did you mean quiet?",
    "watches:\n  - {name: a, query: x, wombat: y}\n": "wombat: is not a known field",
}


@pytest.mark.parametrize("text", UNKNOWN, ids=str)
def test_a_field_mistyped_says_which_may_be_meant(text: str) -> None:
    [said] = mistakes(text)
    assert said.endswith(UNKNOWN[text])


def test_no_mistake_hides_another() -> None:
    text = """\
defaults: {chanel: x}
channels: {"#a": {ceiling: many}}
watches:
  - name: a
    query: (grain
    delivr: each
  - {name: b, query: 'x AND', aliases: [y]}
  - {name: c, query: 'y OR'}
"""
    said = "\n".join(mistakes(text))
    for part in ("defaults.chanel", "ceiling", "delivr", "w.yaml:5: watch a: column", "watch b: has aliases",
                 "w.yaml:7: watch b: column", "watch c: column"):  # fmt: skip
        assert part in said, said
