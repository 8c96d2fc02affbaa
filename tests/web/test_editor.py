"""The editor of watches: what is checked and tried out, what is saved, who was quicker, and what a synced file changes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch.line.detect import detect
from podwatch.model import DeliverMode, Feed, Scope, Watch
from podwatch.runtime import Runtime
from tests.support.page_visitors import GRAIN, LEE, READER, Browser, Member, browse, find_mentions, store_show

TEXTS = ["The grain ships left the Black Sea./Ann Lee sold corn.", "No corn today./Grain, said Dr Lee.", "Nothing."]


@pytest.fixture
def filled(either: Runtime, now: datetime) -> Runtime:
    store_show(either, now, TEXTS)
    find_mentions(either, now)
    return either


def form_of(text: str) -> dict[str, str]:
    """The fields of the editor's form as a browser would send them: those that are filled, ticked or chosen."""
    [form] = re.findall(r"<form[^>]*data-editor.*?</form>", text, re.DOTALL)
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        if "name" in attributes:
            found[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, value in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(value)
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        [*chosen] = re.findall(r'value="([^"]*)" selected', options)
        found[name] = chosen[0] if chosen else ""
    return found


def unescape(text: str) -> str:
    from html import unescape as plain

    return plain(text)


def open_editor(browser: Browser, query: str = "") -> dict[str, str]:
    return form_of(browser.read(f"/editor{query}"))


def post(browser: Browser, form: dict[str, str], do: str = "save", **typed: str) -> Any:
    return browser.send("/editor", form | {"do": do} | typed)


def check(browser: Browser, form: dict[str, str], **typed: str) -> str:
    response = browser.send("/editor/check", form | typed)
    assert response.status_code == 200
    return plain_text(response.text)


def plain_text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def watches(rt: Runtime) -> dict[str, Watch]:
    return {w.name: w for w in rt.store.watches()}


def test_a_new_watch_is_put_to_use_with_its_audit(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    response = post(browser, open_editor(browser), name="corn", query="corn -today", channel="#trade")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/watches/corn?said=corn+is+on+the+watchlist%3A")
    stored = watches(filled)
    assert set(stored) == {"grain", "lee", "corn"}
    assert (stored["corn"].query, stored["corn"].channel, stored["corn"].revision) == ("corn -today", "#trade", 1)
    [entry] = filled.store.list_audit()
    assert (entry.who, entry.action, entry.subject, entry.before) == ("ada", "add watch", "watch corn", None)
    assert entry.after == {"name": "corn", "query": "corn -today", "channel": "#trade", "revision": 1}
    detect(filled, now)
    assert "corn" in browser.read("/watches/corn")


def test_a_changed_watch_is_a_new_revision_and_the_others_stay_as_they_are(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    before = watches(filled)
    form = open_editor(browser, "?watch=grain")
    assert (form["query"], form["was"], form["channel"]) == ("grain", "grain", "#trade")
    assert post(browser, form, query="grain OR corn").status_code == 303
    after = watches(filled)
    assert after["grain"].query == "grain OR corn"
    assert after["grain"].revision == before["grain"].revision + 1
    assert after["grain"].id == before["grain"].id
    assert after["lee"] == before["lee"]
    [entry] = filled.store.list_audit()
    assert entry.action == "edit watch"
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["query"], entry.after["query"], entry.after["revision"]) == ("grain", "grain OR corn", 2)
    shown = plain_text(browser.read("/watches/grain"))
    assert "ada edit watch" in shown
    assert "query: grain → query: grain OR corn; revision: 2" in shown


def test_every_field_of_a_watch_goes_through_the_form_unchanged(filled: Runtime, now: datetime) -> None:
    watch = Watch(
        name="full",
        entity="Anatoly Dobrynin",
        type="person",
        aliases=("Ambassador D, the", 'O\'Dobrynin "x"'),
        exclude=("Dobrinin Street",),
        sounds_like=True,
        threshold=0.75,
        skip=("promotion", "sponsor"),
        scope=Scope(tags=("news", "a b"), languages=("en",), not_urls=("https://show.example/feed?key=secret",)),
        channel="#else",
        deliver=DeliverMode.DIGEST,
        minimum=2,
        repeat_after=12 * 3600.0,
        silent_after=14 * 86400.0,
    )
    filled.store.sync_watches([GRAIN, watch], now)
    browser = browse(filled, now)
    form = open_editor(browser, "?watch=full")
    assert "secret" not in str(form)
    form |= {"skip": ["promotion", "sponsor"]}  # type: ignore[dict-item]
    assert post(browser, form, channel="#other").status_code == 303
    stored = watches(filled)["full"]
    assert replace(stored, id=0, revision=0, revised_at=None) == replace(watch, channel="#other")
    assert stored.revision == 1  # it finds the same


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"query": "grain AND ("}, "query : column 12: ends where a word"),
        ({"query": "grain NEAR/"}, "query : column 11: the regular expression is not closed"),
        ({"query": "grain and corn"}, "Warning query : and is looked for as a word; the operator is AND"),
        ({"query": "grain, corn"}, "Warning query : , is read as a blank here"),
        ({"query": "grain -grain"}, "Mistake query : can never be true"),
        ({"query": ""}, "Mistake query : is missing"),
        ({"name": "two words"}, "Mistake name : should be one word"),
        ({"name": "lee"}, "Mistake name : another watch has this name"),
        ({"name": "x", "query": "Grain"}, "Warning : looks for the same as"),
        ({"channel": "desk@example.org"}, "did you mean mailto:desk@example.org?"),
        ({"channel": "mailto:nobody"}, "Mistake channel : channel mailto:nobody"),
        ({"tags": "newz"}, "Warning : no feed has the tag newz – did you mean news?"),
        ({"minimum": "two"}, "Mistake minimum : input should be a valid integer"),
        ({"repeat_after": "soon"}, "Mistake repeat after : should be like 30m, 12h, 3d or 1w"),
        ({"kind": "entity", "entity": "Ann Lee", "exclude": "ann lee"}, "Mistake exclude : 'ann lee' is both"),
        ({"kind": "entity", "entity": "Li", "sounds_like": "yes"}, "Note : "),
    ],
)
def test_what_is_wrong_is_said_where_it_stands_and_nothing_is_saved(
    typed: dict[str, str], said: str, rt: Runtime, now: datetime
) -> None:
    store_show(rt, now, TEXTS)
    find_mentions(rt, now)
    browser = browse(rt, now)
    form = open_editor(browser) | {"name": "new", "query": "corn", "channel": "#trade"}
    shown = check(browser, form, **typed)
    assert said in shown, shown
    if "Mistake" in shown:
        refused = post(browser, form, **typed)
        assert refused.status_code == 422
        assert said in plain_text(refused.text)
        assert set(watches(rt)) == {"grain", "lee"}
        assert rt.store.list_audit() == []
        assert form_of(refused.text).items() >= typed.items()  # nothing that was typed is lost


def test_the_column_of_a_mistake_is_shown_in_the_query(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now)
    text = browser.send("/editor/check", open_editor(browser) | {"name": "x", "query": "a OR\n(grain ) ) corn"}).text
    assert 'data-field="query" data-column="15"' in text
    assert '<code class="place">(grain ) <mark>)</mark> corn</code>' in text


def test_the_backtest_says_what_is_gained_and_lost(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    form = open_editor(browser, "?watch=grain")
    shown = check(browser, form, query="corn")
    assert "2 hits in 2 of 3 episodes; 2 alerts a week, now 2." in shown
    assert "+2 gained · −2 lost" in shown
    assert "Ann Lee sold corn" in shown
    assert "it finds what it finds now" in check(browser, form)
    assert "4 hits in 2 of 3 episodes" in check(browser, form, query="corn OR grain")
    assert "0 alerts a week, now 2." in check(browser, form, query="corn", deliver="none")
    assert "0 alerts a week, now 2." in check(browser, form, query="corn", minimum="2")


def test_a_watch_that_is_nearly_everywhere_is_called_so(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["and so the sea"] * 12)
    browser = browse(rt, now)
    assert "is said in 12 of 12 transcripts" in check(browser, open_editor(browser), name="sea", query="sea")


def test_a_name_is_told_with_what_it_competes_before_it_is_saved(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now)
    typed = {"name": "waltz", "kind": "entity", "entity": "Mike Waltz", "type": "person", "sounds_like": "yes"}
    assert "Wallace (in 1.5% of news)" in check(browser, open_editor(browser), **typed)


def test_who_is_slower_sees_what_changed_and_loses_nothing(filled: Runtime, now: datetime) -> None:
    ada, bea = browse(filled, now), browse(filled, now, Member("bea"))
    first, second = open_editor(ada, "?watch=grain"), open_editor(bea, "?watch=grain")
    assert post(bea, second, query="grain OR wheat", channel="#wheat").status_code == 303
    late = post(ada, first, query="grain OR corn")
    assert late.status_code == 409
    shown = plain_text(late.text)
    assert "bea has changed this watch while you edited it" in shown
    assert "-  query: grain OR wheat" in unescape(re.sub(r"<[^>]+>", "", late.text))
    assert "+  query: grain OR corn" in unescape(re.sub(r"<[^>]+>", "", late.text))
    assert watches(filled)["grain"].query == "grain OR wheat"
    form = form_of(late.text)
    assert form["query"] == "grain OR corn"
    assert post(ada, form).status_code == 303  # having seen it
    assert watches(filled)["grain"].query == "grain OR corn"
    assert [e.who for e in filled.store.list_audit()] == ["ada", "bea"]


def test_a_watch_that_was_taken_off_meanwhile_can_be_saved_as_a_new_one(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    form = open_editor(browser, "?watch=grain")
    browser.send("/editor/state", {"watch": "grain", "do": "off"})
    late = post(browser, form, query="grain OR corn")
    assert late.status_code == 409
    assert "has taken this watch off the watchlist" in plain_text(late.text)
    assert post(browser, form_of(late.text)).status_code == 303
    assert watches(filled)["grain"].query == "grain OR corn"


def test_a_renamed_watch_keeps_its_mentions(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    before = watches(filled)["grain"]
    assert post(browser, open_editor(browser, "?watch=grain"), name="wheat").status_code == 303
    after = watches(filled)["wheat"]
    assert (after.id, after.key_name) == (before.id, "grain")
    assert "grain" in browser.read("/watches/wheat")


def test_a_watch_is_switched_off_on_and_removed(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    number = watches(filled)["grain"].id
    assert browser.send("/editor/state", {"watch": "grain", "do": "off"}).status_code == 303
    assert set(watches(filled)) == {"lee"}
    assert "Switched off grain" in plain_text(browser.read("/watches"))
    assert browser.send("/editor/state", {"watch": "grain", "do": "off"}).status_code == 400
    assert browser.send("/editor/state", {"watch": "grain", "do": "on"}).status_code == 303
    assert watches(filled)["grain"].id == number
    assert browser.send("/editor/state", {"watch": "grain", "do": "remove"}).status_code == 400  # not confirmed
    assert browser.send("/editor/state", {"watch": "grain", "do": "remove", "sure": "yes"}).status_code == 303
    assert set(watches(filled)) == {"lee"}
    assert "Switched off" not in browser.read("/watches")
    assert [e.action for e in filled.store.list_audit()] == ["remove watch", "switch on watch", "switch off watch"]
    assert post(browser, open_editor(browser), name="grain", query="grain").status_code == 303  # with what it found
    assert watches(filled)["grain"].id == number


def test_a_watch_that_never_was_is_not_there(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now)
    browser.read("/editor?watch=nobody", 404)
    assert browser.send("/editor/state", {"watch": "nobody", "do": "off"}).status_code == 404


def test_a_reader_is_offered_no_editor(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, TEXTS)
    find_mentions(rt, now)
    reader = browse(rt, now, READER)
    reader.read("/editor", 403)
    reader.read("/editor?watch=grain", 403)
    for view in ("/watches", "/watches/grain", "/search?q=grain"):
        assert "/editor" not in reader.read(view)


def test_a_search_is_saved_as_a_watch(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, TEXTS)
    find_mentions(rt, now)
    browser = browse(rt, now)
    [link] = re.findall(r'href="(/editor\?query=[^"]+)"', browser.read('/search?q="black sea" NEAR/5 ships'))
    form = form_of(browser.read(unescape(link)))
    assert (form["query"], form["name"], form["channel"]) == ('"black sea" NEAR/5 ships', "black-sea-5-ships", "#trade")
    assert post(browser, form).status_code == 303
    assert watches(rt)["black-sea-5-ships"].query == '"black sea" NEAR/5 ships'


@pytest.mark.parametrize(
    ("of", "text", "found"),
    [
        ("speaker", "an", ["Ann"]),
        ("feed", "show", ["The Show"]),
        ("tag", "ne", ["news"]),
        ("channel", "#", ["#desk", "#trade"]),
        ("watch", "gr", ["grain"]),
        ("speaker", "nobody%", []),
        ("entity", "", []),
        ("lang", "x", []),
    ],
)
def test_names_that_are_known_complete_what_is_typed(
    of: str, text: str, found: list[str], filled: Runtime, now: datetime
) -> None:
    browser = browse(filled, now)
    assert browser.client.get("/editor/names", params={"of": of, "q": text}).json() == found


FILE = """# ours
defaults: {channel: "#trade"}
watches:
  - name: grain    # the first
    query: grain

  - name: lee
    entity: Ann Lee
    type: person
    aliases: [Dr Lee]
    channel: "#desk"
"""


def test_where_the_watchlist_is_a_file_the_page_shows_what_to_commit(
    rt: Runtime, now: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text(FILE)
    rt.settings = replace(rt.settings, watchlist=file)
    store_show(rt, now, TEXTS)
    find_mentions(rt, now)
    browser = browse(rt, now)
    assert "shows what to commit" in browser.read("/editor?watch=grain")
    shown = post(browser, open_editor(browser, "?watch=grain"), query="grain OR corn")
    assert shown.status_code == 200
    difference = unescape(re.sub(r"<[^>]+>", "", shown.text))
    assert "-    query: grain\n+    query: grain OR corn\n" in difference
    off = browser.send("/editor/state", {"watch": "lee", "do": "off"})
    assert "-  - name: lee" in unescape(re.sub(r"<[^>]+>", "", off.text))
    assert file.read_text() == FILE
    assert watches(rt)["grain"].query == "grain"
    assert set(watches(rt)) == {"grain", "lee"}
    assert rt.store.list_audit() == []


@pytest.mark.parametrize("text", [None, "watches: [", "watches: [{name: grain, query: grain}]\n", "watches: []\n"])
def test_a_file_that_cannot_be_edited_from_here_gets_the_entry_to_write(
    text: str | None, rt: Runtime, now: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "watchlist.yaml"
    if text is not None:
        file.write_text(text)
    rt.settings = replace(rt.settings, watchlist=file)
    find_mentions(rt, now)
    browser = browse(rt, now)
    shown = plain_text(post(browser, open_editor(browser, "?watch=grain"), query="corn").text)
    assert "cannot be edited from here" in shown
    assert "- name: grain query: corn channel: '#trade'" in shown


def test_a_secret_address_is_shown_to_nobody_and_kept(rt: Runtime, now: datetime) -> None:
    secret = "https://secret.example/feed?token=hush123456"
    rt.store.add_feeds([Feed(url=secret)], now)
    rt.store.sync_watches(
        [replace(GRAIN, scope=Scope(urls=(secret,)), channel="https://hooks.example/T0/hush"), LEE], now
    )
    browser = browse(rt, now)
    text = browser.read("/editor?watch=grain")
    assert "hush" not in text
    response = post(browser, form_of(text), query="corn")
    assert response.status_code == 303
    assert (watches(rt)["grain"].scope.urls, watches(rt)["grain"].channel) == (
        (secret,),
        "https://hooks.example/T0/hush",
    )
    assert "hush" not in browser.read("/changes")
    assert "hush" not in str([(e.before, e.after) for e in rt.store.list_audit()])
