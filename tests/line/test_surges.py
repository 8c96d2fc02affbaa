"""A watch of surges raises an alert on a name that surges: by the real detect and deliver, over invented episodes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.entities import recognition
from podwatch.entities.recognition import LabelledSpan
from podwatch.entities.surges import SurgingName
from podwatch.line import surges as line_surges
from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.surges import PERIOD
from podwatch.model import (
    ChannelRules,
    DeliverMode,
    Digest,
    EntityType,
    Episode,
    Feed,
    Kind,
    Mute,
    PollResult,
    QuietHours,
    Scope,
    Shard,
    Transcript,
    Watch,
)
from podwatch.notifiers import card, digest_card
from podwatch.query import build_engine
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store import surges
from podwatch.store.database import Store
from tests.commands.test_entities import typed
from tests.support.builders import alert, mention
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import save_text, store_episodes

SHOWS, EACH = ("a", "b", "c"), 16
SUDDENLY = Watch(name="suddenly", surge=(EntityType.PERSON,), channel="console:")
NEWS = "Good morning. Keith Kellogg came to Kyiv. Nobody had asked Keith Kellogg. More after this."


def recognise_two_names(transcripts: Sequence[Transcript]) -> list[list[LabelledSpan]]:
    names = re.compile(r"Keith Kellogg|Ann Lee")
    return [[LabelledSpan(*m.span(), "PERSON") for m in names.finditer(t.text)] for t in transcripts]


@pytest.fixture
def with_entities(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setattr(recognition, "missing_requirement", lambda: None)
    monkeypatch.setattr(recognition, "recognise_spans", recognise_two_names)
    place_database(settings.home)
    with runtime.build(replace(settings, entities=True)) as built:
        yield built


def store_surge(store: Store, now: datetime, news: str = NEWS) -> list[Episode]:
    """Three shows with an episode a day, of which the last two say the news; returns these six."""
    recent = []
    for show in SHOWS:
        for i, e in enumerate(store_episodes(store, now, show, *[d + 0.5 for d in range(EACH)])):
            save_text(store, e, news if i < 2 else f"{show} {i}, and so it goes.", now)
            recent += [e] if i < 2 else []
    return recent


def count_deliveries(store: Store) -> int:
    return store.counts()["deliveries"]


def test_a_surge_raises_one_alert_whatever_is_run_again(
    with_entities: Runtime, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    with_entities.store.sync_watches([SUDDENLY], now)
    lead = store_surge(with_entities.store, now)[0]
    detect(with_entities, now)
    assert deliver(with_entities, now).new == 1
    said = capsys.readouterr().out
    assert "suddenly: Keith Kellogg is suddenly talked about" in said
    assert "named in 6 of 9 episodes, in 3 feeds; 0." in said
    assert lead.title in said
    assert said.count("*Keith Kellogg*") == 2, "each sentence of the lead"
    for hours in (0, 1, 47):
        later = now + timedelta(hours=hours)
        detect(with_entities, later)
        assert deliver(with_entities, later).new == 0
    assert count_deliveries(with_entities.store) == 1
    found = [f.mention for f in with_entities.store.mentions()]
    assert [(m.surface, m.kind) for m in found] == [("Keith Kellogg", Kind.ENTITY)] * 2
    [w] = with_entities.store.watches()
    assert (w.surge, with_entities.store.find_watch("suddenly").error) == (SUDDENLY.surge, None)  # type: ignore[union-attr]


def test_a_run_that_is_killed_leaves_nothing_or_all_and_the_next_raises_one_alert(
    with_entities: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with_entities.store.sync_watches([SUDDENLY], now)
    store_surge(with_entities.store, now)
    with monkeypatch.context() as patch:
        patch.setattr(surges, "insert_deliveries", killed)
        with pytest.raises(KeyboardInterrupt):
            detect(with_entities, now)
    assert (with_entities.store.counts()["mentions"], count_deliveries(with_entities.store)) == (0, 0)
    detect(with_entities, now)  # and killed here, before deliver
    detect(with_entities, now)
    assert count_deliveries(with_entities.store) == 1
    assert [deliver(with_entities, now).new for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("first", [timedelta(0), timedelta(days=3), timedelta(days=6, hours=23)], ids=str)
def test_the_next_alert_comes_after_a_week_and_not_before(
    with_entities: Runtime, now: datetime, first: timedelta
) -> None:
    with_entities.store.sync_watches([SUDDENLY], now)
    now += first
    store_surge(with_entities.store, now)
    detect(with_entities, now)
    [old] = {f.episode.id for f in with_entities.store.mentions()}
    for show in SHOWS:
        for e in add_next_week(with_entities.store, now, show):
            save_text(with_entities.store, e, NEWS, now)
    detect(with_entities, now + PERIOD - timedelta(seconds=1))
    assert count_deliveries(with_entities.store) == 1
    detect(with_entities, now + PERIOD)
    assert count_deliveries(with_entities.store) == 2
    assert len({f.episode.id for f in with_entities.store.mentions()} - {old}) == 1, "by another episode"


def add_next_week(store: Store, now: datetime, show: str) -> list[Episode]:
    """Two episodes of the next week."""
    [row] = [f for f in store.feeds() if f.url.startswith(f"https://{show}.")]
    new = tuple(
        Episode(guid=f"{show}+{n}", title=f"{show} + {n}", published_at=now + timedelta(days=n + 0.3)) for n in (5, 6)
    )
    store.save_polls([PollResult(feed=row, episodes=new, lists=lambda g: True)], now, first=2)
    by = {e.guid: e for e in store.episodes_without_transcript()}
    return [by[e.guid] for e in new]


def test_two_names_that_surge_at_once_get_alerts_on_different_episodes(with_entities: Runtime, now: datetime) -> None:
    with_entities.store.sync_watches([SUDDENLY], now)
    store_surge(with_entities.store, now, f"{NEWS} Ann Lee went with them.")
    detect(with_entities, now)
    found = [(f.mention.surface, f.episode.id) for f in with_entities.store.mentions()]
    assert {surface for surface, _ in found} == {"Keith Kellogg", "Ann Lee"}
    assert len({e for _, e in found}) == 2
    assert len(set(found)) == 2


NO_ALERT = {
    "who is watched is no news": [SUDDENLY, Watch(name="k", entity="Keith Kellogg", type="person", channel="#x")],
    "another type": [replace(SUDDENLY, surge=(EntityType.PLACE,))],
    "only some feeds": [replace(SUDDENLY, scope=Scope(urls=("https://a.example/feed", "https://b.example/feed")))],
    "a feed left out": [replace(SUDDENLY, scope=Scope(not_tags=("left-out",)))],
}


@pytest.mark.parametrize("case", NO_ALERT, ids=str)
def test_names_outside_of_the_watch_raise_no_alert(with_entities: Runtime, now: datetime, case: str) -> None:
    with_entities.store.add_feeds([Feed(url="https://c.example/feed", tags=("left-out",))], now)
    with_entities.store.sync_watches(NO_ALERT[case], now)
    store_surge(with_entities.store, now)
    detect(with_entities, now)
    assert [f.mention.watch for f in with_entities.store.mentions() if f.mention.watch == "suddenly"] == []


def test_only_the_first_shard_looks_for_surges(with_entities: Runtime, now: datetime) -> None:
    with_entities.store.sync_watches([SUDDENLY], now)
    store_surge(with_entities.store, now)
    detect(with_entities, now, Shard(0, 2))
    detect(with_entities, now, Shard(1, 2))
    assert count_deliveries(with_entities.store) <= 1
    detect(with_entities, now, Shard(0, 2))
    assert count_deliveries(with_entities.store) == 1


def test_without_entities_a_note_says_that_surges_are_not_looked_for(rt: Runtime, now: datetime) -> None:
    rt.store.sync_watches([SUDDENLY], now)
    [note] = detect(rt, now).notes
    assert note == "watch suddenly: surges are not looked for: PODWATCH_ENTITIES is off"


@pytest.mark.parametrize("why", ["quiet", "digest", "none", "muted"])
def test_what_holds_an_alert_holds_a_surge(with_entities: Runtime, now: datetime, why: str) -> None:
    modes = {"digest": DeliverMode.DIGEST, "none": DeliverMode.NONE}
    with_entities.store.sync_watches([replace(SUDDENLY, deliver=modes.get(why, DeliverMode.EACH))], now)
    if why == "quiet":
        with_entities.store.sync_channels([ChannelRules(name="console:", quiet=QuietHours(time(5), time(7)))], now)
    if why == "muted":
        [w] = with_entities.store.watches()
        with_entities.store.add_mute(Mute(watch_id=w.id, until=now + timedelta(days=1)), now)
    store_surge(with_entities.store, now)
    detect(with_entities, now)
    assert deliver(with_entities, now).new == 0
    [state] = with_entities.store.alert_states()
    assert state.startswith("held: ")
    later = now + timedelta(hours=2)
    assert deliver(with_entities, later).new == (why in ("quiet", "digest"))


def test_a_watch_that_fails_is_stamped_and_the_others_go_on(
    with_entities: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(found: SurgingName) -> str:
        raise ZeroDivisionError("nothing by nothing")

    with_entities.store.sync_watches([SUDDENLY, Watch(name="k", query="kyiv", channel="console:")], now)
    store_surge(with_entities.store, now)
    monkeypatch.setattr(line_surges, "surge_reason", broken)
    done = detect(with_entities, now)
    [note] = done.notes
    assert note.startswith("watch suddenly: ZeroDivisionError: nothing by nothing")
    assert (done.failed, count_deliveries(with_entities.store)) == (1, 6)
    assert "ZeroDivisionError" in (with_entities.store.find_watch("suddenly").error or "")  # type: ignore[union-attr]


def test_a_surge_is_stored_once_on_either_database(store: Store, now: datetime) -> None:
    store.sync_watches([SUDDENLY], now)
    one, other = store_episodes(store, now, "a", 1, 2)
    save_text(store, one, NEWS, now)
    save_text(store, other, NEWS, now)
    [watch] = store.watches()
    assert (watch.surge, store.watches_to_detect().watches) == (SUDDENLY.surge, ())
    made = alert(mention(), watch=watch, key="k1")
    first, second = (store.source_of_episode(e.id) for e in (one, other))
    assert first is not None
    assert second is not None
    made = replace(made, episode=first.episode)
    assert store.save_surge(first, made.mentions, made, now)
    assert not store.save_surge(second, made.mentions, replace(made, episode=second.episode), now), "the same key"
    assert (store.counts()["mentions"], count_deliveries(store)) == (1, 1)
    assert store.alerted_identities(watch) == {one.identity}
    assert store.has_delivery_after({"k0", "k1"}, now - timedelta(seconds=1))
    assert not store.has_delivery_after({"k0", "k1"}, now)
    assert not store.has_delivery_after({"k0"}, now - PERIOD)
    save_text(store, other, NEWS.upper(), now)
    assert not store.save_surge(second, made.mentions, replace(made, key="k2"), now), "of a text that is no more"


# Where queries run over texts.


def test_no_engine_looks_for_a_surge_and_its_watch_is_not_broken(now: datetime) -> None:
    engine = build_engine([SUDDENLY, Watch(name="k", query="Kellogg")])
    assert dict(engine.broken) == {}
    assert engine.node_of("suddenly") is None


LIST = """
watches:
  - {name: suddenly, surge: {types: [person]}}
  - {name: k, query: Kellogg}
"""


def test_check_scan_list_and_explain_work_with_a_watch_of_surges(settings: Settings, tmp_path: Path) -> None:
    watchlist, twice, talk = (tmp_path / n for n in ("w.yaml", "twice.yaml", "talk.txt"))
    watchlist.write_text(LIST)
    twice.write_text(LIST + "  - {name: again, surge: {types: [person]}}\n")
    talk.write_text("Then Keith Kellogg came to Kyiv, and nobody said a word.")

    def lines(*arguments: object) -> list[str]:
        status, said, errors = typed(settings, *map(str, arguments), names="off")
        assert (status, errors) == (0, "")
        return said

    assert "2 watches, no mistakes" in lines("watches", "check", watchlist, "--strict")[-1]
    assert "again: warning: looks for the same as suddenly" in "".join(lines("watches", "check", twice))
    scanned = lines("scan", talk, "--watchlist", watchlist, "--json")
    assert [json.loads(line)["watch"] for line in scanned] == ["k"]
    explained = lines("explain", talk, "--watchlist", watchlist, "--watch", "suddenly")
    assert "it tells of names that are suddenly in many episodes" in "".join(explained)
    lines("watches", "sync", watchlist)
    rows = [json.loads(line) for line in lines("watches", "list", "--json")]
    assert [(r["name"], r["looks_for"]) for r in rows] == [("k", "Kellogg"), ("suddenly", "surges of person")]


def test_explain_says_what_surged_and_what_became_of_it(with_entities: Runtime, now: datetime) -> None:
    with_entities.store.sync_watches([SUDDENLY], now)
    lead = store_surge(with_entities.store, now)[0]
    detect(with_entities, now)
    _, lines, _ = typed(with_entities.settings, "explain", "--watch", "suddenly", "--episode", str(lead.id))
    said = "\n".join(lines)
    assert "Keith Kellogg is suddenly talked about: named in 6 of 9 episodes" in said
    assert "due for console:" in said
    assert "not yet looked for" not in said


# How it is shown.

SURGING = alert(
    mention(watch="suddenly", reason="Keith <Kellogg> @here is suddenly talked about: named in 9 of 40 episodes"),
    watch=SUDDENLY,
)


def test_the_card_says_that_it_is_a_surge_and_by_which_episode() -> None:
    first, figures, episode, *_ = card.text(SURGING).splitlines()
    assert first.startswith("suddenly: Keith &lt;Kellogg&gt;")
    assert first.endswith("is suddenly talked about")
    assert "@here" not in first
    assert figures == "named in 9 of 40 episodes"
    assert episode == "Thirteen days, part 2 · History Hour · 2024-10-03"
    header, *rest = card.blocks(SURGING)
    assert header["text"]["text"].endswith("is suddenly talked about")
    assert "named in 9 of 40 episodes" in json.dumps(rest[0])
    assert "Thirteen days, part 2" in json.dumps(rest[1])


def test_a_digest_shows_it_too() -> None:
    [page] = digest_card.digest_messages(Digest(key="k", channel="#x", alerts=(SURGING, alert())))
    assert "is suddenly talked about: named in 9 of 40 episodes" in json.dumps(page.blocks, ensure_ascii=False)
    assert "is suddenly talked about, “Thirteen days, part 2” (History Hour)" in page.text
    assert "dobrynin in “Thirteen days, part 2” (History Hour)" in page.text
