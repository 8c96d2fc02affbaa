"""A watchlist is read, and each mistake in it is named with file, line and watch."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from podwatch.errors import WatchlistError
from podwatch.model import ChannelRules, DeliverMode, QuietHours, Schedule, Scope
from podwatch.watchlist import loader
from podwatch.watchlist.loader import parse_watchlist, read_watches


def lines(text: str) -> list[str]:
    """What is said about a watchlist; empty when it is right."""
    try:
        parse_watchlist(text, "w.yaml")[0]
    except WatchlistError as e:
        return [e.line]
    except ExceptionGroup as group:
        return [str(e) for e in group.exceptions]
    return []


def test_the_form_of_the_design_page_is_read() -> None:
    text = """
defaults: {channel: "#podcasts"}
watches:
  - name: grain-corridor
    query: '"black sea"'
    channel: "#trade"
  - name: dobrynin
    entity: Anatoly Dobrynin
    type: person
    aliases: [Ambassador Dobrynin]
    sounds_like: true
    feeds: {tags: [politics], exclude: {languages: [ru]}}
    deliver: digest
"""
    grain, dobrynin = parse_watchlist(text, "w.yaml")[0]
    assert (grain.query, grain.channel, grain.line) == ('"black sea"', "#trade", 4)
    assert (dobrynin.entity, dobrynin.aliases, dobrynin.sounds_like) == (
        "Anatoly Dobrynin",
        ("Ambassador Dobrynin",),
        True,
    )
    assert dobrynin.scope == Scope(tags=("politics",), not_languages=("ru",))
    assert (dobrynin.channel, dobrynin.deliver) == ("#podcasts", DeliverMode.DIGEST)


# 10 ** 9 values in 400 bytes
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
BOMB += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))

MISTAKES = {
    "a field misspelt": (
        "watches:\n  - name: a\n    qurey: x\n",
        "w.yaml:3: watch a: qurey: is not a known field",
    ),
    "nothing to look for": ("watches:\n  - name: a\n", "w.yaml:2: watch a: has neither query nor entity"),
    "both": ("watches:\n  - {name: a, query: x, entity: y}\n", "w.yaml:2: watch a: has both query and entity"),
    "no name": ("watches:\n  - query: x\n", "w.yaml:2: watch number 1: name: field required"),
    "a name twice": (
        "watches:\n  - {name: a, query: x}\n  - {name: a, query: y}\n",
        "w.yaml:3: watch a: the name is taken by the watch in line 2 - rename one",
    ),
    "a wrong type": (
        "watches:\n  - name: a\n    entity: x\n    sounds_like: maybe\n",
        "w.yaml:4: watch a: sounds_like: input should be a valid boolean, not 'maybe'",
    ),
    "a number for a name": (
        "watches:\n  - name: 7\n    query: x\n",
        "w.yaml:2: watch 7: name: input should be a valid string",
    ),
    "an unknown mode": (
        "watches:\n  - {name: a, query: x, deliver: often}\n",
        "w.yaml:2: watch a: deliver: input should be 'each', 'digest' or 'none', not 'often'",
    ),
    "a mistake in a scope": (
        "watches:\n  - name: a\n    query: x\n    feeds:\n      tag: [y]\n",
        "w.yaml:5: watch a: feeds.tag: is not a known field",
    ),
    "a mistake in the defaults": (
        "defaults:\n  chanel: x\nwatches: []\n",
        "w.yaml:2: defaults.chanel: is not a known field",
    ),
    "an open quote": (
        "watches:\n  - name: a\n    query: '\"black sea'\n",
        "w.yaml:3: watch a: column 1: the quotes of the phrase do not match",
    ),
    "an empty query": (
        "watches:\n  - name: a\n    query: '\"...\"'\n",
        "w.yaml:3: watch a: column 1: has no word in it",
    ),
    "an operator without its other side": (
        "watches:\n  - name: a\n    query: black sea AND\n",
        "w.yaml:3: watch a: column 14: ends where a word",
    ),
    "not YAML": ("watches:\n  - name: [a\n", "w.yaml:3:1: is not YAML"),
    "a tab": ("watches:\n\t- name: a\n", "w.yaml:2:1: is not YAML"),
    "no watches": ("watch: []\n", "w.yaml:1: has no `watches:`"),
    "empty": ("", "w.yaml:1: has no `watches:`"),
    "a list": ("- a\n", "w.yaml:1: has no `watches:`"),
    "watches that are no list": ("watches: yes\n", "w.yaml:1: watches: input should be a valid list"),
    "a watch that is a word": (
        "watches:\n  - grain\n",
        "w.yaml:2: watch number 1: should be a mapping with name, query, entity, ..., not 'grain'",
    ),
    "a scope that is a word": (
        "watches:\n  - {name: a, query: x, feeds: y}\n",
        "w.yaml:2: watch a: feeds: should be a mapping with tags, urls, languages, ..., not 'y'",
    ),
    "null": (
        "watches:\n  - {name: a, entity: x, aliases: null}\n",
        "w.yaml:2: watch a: aliases: input should be a valid list, not null",
    ),
    "a null in a list": (
        "watches:\n  - {name: a, entity: x, aliases: [null]}\n",
        "w.yaml:2: watch a: aliases.0: input should be a valid string, not null",
    ),
    "a tag of YAML": ("watches: [!!bool foo]\n", "w.yaml:1:11: has a YAML tag: !!bool - leave it out"),
    "a tag of somebody": (
        "watches:\n  - !foo {name: a, query: x}\n",
        "w.yaml:2:5: has a YAML tag: !foo - leave it out",
    ),
    "a blank in a name": (
        "watches:\n  - {name: a b, query: x}\n",
        "w.yaml:2: watch a b: name: should be one word, without blanks",
    ),
    "an escape in a name": (
        'watches:\n  - {name: "a\\e[1m", query: x}\n',
        "w.yaml:2: watch a\x1b[1m: name: should be one word",
    ),
    "an escape in an alias": (
        'watches:\n  - {name: a, entity: x, aliases: ["y\\e[1m"]}\n',
        "w.yaml:2: watch a: aliases.0: has a control character in it",
    ),
    "half a character": (
        'watches:\n  - {name: a, query: "\\ud800"}\n',
        "w.yaml:2: watch a: query: input should be a valid string",
    ),
    "a key that is a list": ("watches:\n  - {[a]: b}\n", "w.yaml:2: watch number 1: has a key that is no word"),
    "aliases of aliases": (f"{BOMB}watches: []\n", "w.yaml: is too large or too deep when its aliases are written out"),
}


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_is_named_with_file_line_and_watch(case: str) -> None:
    text, expected = MISTAKES[case]
    said = lines(text)
    assert len(said) == 1, said
    assert said[0].startswith(expected)


def test_every_mistake_is_said_not_only_the_first() -> None:
    said = lines("watches:\n  - {name: a, qurey: x}\n  - {name: b}\n  - {name: c, query: ok}\n")
    assert [s.split(":")[2].strip() for s in said] == ["watch a", "watch a", "watch b"] or len(said) == 2


def test_a_file_that_is_not_there_or_no_text_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WatchlistError, match="No such file"):
        read_watches(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("watches: [{name: a, query: Zürich}]".encode("latin-1"))
    with pytest.raises(WatchlistError, match="is not UTF-8 text"):
        read_watches(tmp_path / "latin.yaml")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_what_is_no_file_is_not_read(path: str) -> None:
    with pytest.raises(WatchlistError, match="is not a regular file"):
        read_watches(Path(path))


def test_a_file_is_not_read_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.yaml").write_text("watches: []")
    assert read_watches(tmp_path / "w.yaml") == []
    monkeypatch.setattr(loader, "MAX_BYTES", 10)
    with pytest.raises(WatchlistError, match="is larger than 10 bytes"):
        read_watches(tmp_path / "w.yaml")


def test_the_watchlist_of_the_sample_is_right() -> None:
    assert len(read_watches(Path(__file__).parents[2] / "seeds/watchlist.yaml")) == 6


def test_a_channel_has_a_digest_quiet_hours_and_a_ceiling_and_a_watch_a_minimum_and_a_pause() -> None:
    text = """
defaults: {minimum: 2}
channels:
  "#trade": {digest: "weekly mon 09:00 Europe/Berlin", quiet: "22:00-07:00", ceiling: 20}
  "#desk": {}
watches:
  - {name: a, query: x, repeat_after: 12h}
  - {name: b, query: y, minimum: 1}
"""
    (a, b), (trade, desk) = parse_watchlist(text, "w.yaml")
    assert (a.minimum, a.repeat_after, b.minimum, b.repeat_after) == (2, 43200.0, 1, 0.0)
    assert trade == ChannelRules(
        name="#trade",
        digest=Schedule(time(9), (0,), "Europe/Berlin"),
        quiet=QuietHours(time(22), time(7)),
        ceiling=20,
    )
    assert desk == ChannelRules(name="#desk")


def test_a_watch_that_finds_the_same_is_no_new_revision_when_only_its_delivery_changes() -> None:
    [a], [b] = (parse_watchlist(f"watches: [{{name: a, query: x, minimum: {n}}}]", "w.yaml")[0] for n in (1, 5))
    assert a.fingerprint == b.fingerprint


CHANNELS = {
    "digest: hourly": "channels.#t.digest: should be like daily 08:00 Europe/Berlin, weekdays 08:00 or weekly mon 08:00",
    "digest: daily 08:00 Mars": "channels.#t.digest: there is no time zone Mars",
    "quiet: 22-07": "channels.#t.quiet: should be like 22:00-07:00 Europe/Berlin",
    "ceiling: 0": "channels.#t.ceiling: input should be greater than or equal to 1",
    "ceilng: 5": "channels.#t.ceilng: is not a known field",
}


@pytest.mark.parametrize("line", CHANNELS)
def test_a_mistake_about_a_channel_is_named_with_its_line(line: str) -> None:
    [said] = lines(f'channels:\n  "#t":\n    {line}\nwatches: []\n')
    assert said.startswith(f"w.yaml:3: {CHANNELS[line]}")


@pytest.mark.parametrize(
    ("field", "said"),
    {"minimum: 0": "minimum: input should", "repeat_after: soon": "repeat_after: should be like"}.items(),
)
def test_a_mistake_about_when_a_watch_is_told_is_named_with_its_line(field: str, said: str) -> None:
    [line] = lines(f"watches:\n  - name: a\n    query: x\n    {field}\n")
    assert line.startswith(f"w.yaml:4: watch a: {said}")


SURGES = {
    "a query beside it": ("query: x", "w.yaml:2: watch a: has both query and surge"),
    "an entity beside it": ("entity: x", "w.yaml:2: watch a: has both entity and surge"),
    "a query and an entity beside it": (
        "query: x, entity: y",
        "w.yaml:2: watch a: has all of query and entity and surge",
    ),
    "the type of an entity": ("type: person", "w.yaml:2: watch a: has type beside a surge - take it out"),
    "aliases": ("aliases: [x]", "w.yaml:2: watch a: has aliases beside a surge"),
    "a minimum": ("minimum: 3", "w.yaml:2: watch a: has minimum beside a surge"),
    "what is skipped anyhow": ("skip: [sponsor]", "w.yaml:2: watch a: has skip beside a surge"),
    "languages": (
        "feeds: {languages: [de]}",
        "w.yaml:2: watch a: has languages beside a surge - take them out: it knows",
    ),
    "languages left out": ("feeds: {exclude: {languages: [de]}}", "w.yaml:2: watch a: has languages beside a surge"),
}


@pytest.mark.parametrize("case", SURGES, ids=str)
def test_what_says_nothing_of_a_surge_is_a_mistake_beside_it(case: str) -> None:
    beside, expected = SURGES[case]
    [said] = lines(f"watches:\n  - {{name: a, surge: {{types: [person]}}, {beside}}}\n")
    assert said.startswith(expected)


@pytest.mark.parametrize(
    ("surge", "expected"),
    {
        "{types: [persons]}": "surge.types.0: input should be 'person', 'organisation',",
        "{types: []}": "surge.types: list should have at least 1 item",
        "{type: person}": "surge.type: is not a known field",
        "yes": "surge: should be a mapping with types",
    }.items(),
)
def test_a_mistake_in_a_surge_is_named(surge: str, expected: str) -> None:
    [said] = lines(f"watches:\n  - {{name: a, surge: {surge}}}\n")
    assert said.startswith(f"w.yaml:2: watch a: {expected}")


def test_a_surge_is_of_these_types_or_of_all() -> None:
    text = "defaults: {minimum: 4}\nwatches:\n  - {name: a, surge: {types: [place, person, person]}}\n"
    some, every = parse_watchlist(f"{text}  - {{name: b, surge: {{}}}}\n", "w.yaml")[0]
    assert (some.kind, some.surge, some.minimum) == ("surge", ("person", "place"), 1)
    assert every.surge == ("event", "organisation", "person", "place", "product")
    assert some.fingerprint != every.fingerprint


def test_a_watch_says_after_what_silence_its_channel_is_told() -> None:
    text = """
defaults: {silent_after: 2w}
watches:
  - {name: a, query: x, silent_after: 36h}
  - {name: b, query: x}
"""
    a, b = parse_watchlist(text, "w.yaml")[0]
    assert (a.silent_after, b.silent_after) == (36 * 3600.0, 14 * 86400.0)
    assert a.fingerprint == b.fingerprint, "it finds the same"
    with pytest.raises(WatchlistError, match="silent_after: should be like"):
        parse_watchlist("watches: [{name: a, query: x, silent_after: soon}]", "w.yaml")


def test_a_channel_may_ask_for_a_report_by_a_schedule_like_a_digests() -> None:
    text = 'watches: [{name: a, query: x}]\nchannels: {"#a": {report: "weekly mon 08:00 Europe/Berlin"}, "#b": {}}'
    a, b = parse_watchlist(text, "w.yaml")[1]
    assert (a.report, b.report) == (Schedule(time(8), (0,), "Europe/Berlin"), None)
    with pytest.raises(WatchlistError, match="report: should be like"):
        parse_watchlist(text.replace("weekly mon", "monday"), "w.yaml")


def test_the_address_of_a_feed_is_compared_without_its_login() -> None:
    text = "defaults: {channel: '#a'}\nwatches:\n  - {name: a, query: x, feeds: {urls: ['https://u:p@h.example/f']}}\n"
    [found], _ = parse_watchlist(text, "w.yaml")
    assert found.scope == Scope(urls=("https://h.example/f",))
