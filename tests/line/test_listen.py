"""listen: from a feed without transcripts to a stored transcript, through real audio, and whatever stops it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from podwatch import runtime
from podwatch.errors import RecogniserError
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.listen import ListenOptions, ListenProgress, listen, listen_to_episodes
from podwatch.line.listen_plan import plan_day
from podwatch.line.poll import poll
from podwatch.model import Alert, Feed, Scope, Tally, Transcript, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.transcribing import chunk_seconds
from podwatch.speech_settings import SpeechSettings
from podwatch.store.recording_tables import recognitions, recording_chunks
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.tone_speech import DeafRecogniser, ToneRecogniser, speak

TALK = "grain came from odesa today ships leave again " * 4  # 16 s: several chunks


class ListenScenario:
    """A feed on a real host, whose episodes have audio and no transcript; ``recogniser`` hears it."""

    def __init__(self, settings: Settings, podcast: Podcast, **speech: Any) -> None:
        place_database(settings.home)
        self.host = podcast
        self.settings = replace(settings, speech=SpeechSettings(**({"listen": True} | speech)))
        self.rt: Runtime = runtime.build(self.settings)
        self.recogniser = ToneRecogniser()
        self.rt._recogniser = self.recogniser
        self.rt.store.sync_watches([], self.rt.store.clock())

    def add_feed(self, *episodes: str, path: str = "/feed.xml", audio: str = "", transcript: str | None = None) -> None:
        """A feed of these episodes, each with its audio at /NAME.wav, or at ``audio``; then it is polled."""
        items = [item(name, audio=audio or self.host.url(f"/{name}.wav"), transcript=transcript) for name in episodes]
        url = self.host.serve(path, rss(*items, title=path))
        self.rt.store.add_feeds([Feed(url=url, tags=(path.strip("/"),))], self.rt.store.clock())
        poll(self.rt, self.rt.store.clock(), force=True)

    def speak(self, name: str, words: str, **facts: Any) -> None:
        """The audio of an episode."""
        self.host.serve(f"/{name}.wav", speak(words, **facts), "audio/wav")

    def requests(self, name: str) -> int:
        """How often its audio was asked for."""
        return len(self.host.statuses[f"/{name}.wav"])

    def listen(self, **options: Any) -> Tally:
        return listen(self.rt, self.rt.store.clock(), options=ListenOptions(**options))

    def transcripts(self) -> list[Transcript]:
        return [s.transcript for s in self.rt.store.load_sources(self.rt.store.transcript_ids())]

    def errors(self) -> list[str | None]:
        return [r.error for r in self.rt.store.read_rows(select(recognitions.c.error))]


def chunks_of(audio: bytes) -> list[str]:
    """The first word of each chunk into which a WAV file is cut for ToneRecogniser."""
    alone = ToneRecogniser()
    said = np.frombuffer(audio[44:], "<i2").astype(np.float32) / np.float32(32768)
    target, longest = chunk_seconds(alone)
    for chunk in split_at_silence([said], target=target, longest=longest):
        alone.recognise(chunk.samples, language=None)
    return alone.heard


CHUNKS = chunks_of(speak(TALK))


@pytest.fixture
def scenario(settings: Settings, podcast: Podcast) -> Iterator[ListenScenario]:
    opened = ListenScenario(settings, podcast)
    yield opened
    opened.rt.close()


def test_an_episode_without_a_transcript_is_heard_and_its_words_have_times(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    assert scenario.listen() == Tally("listen", done=1, new=1)
    [heard] = scenario.transcripts()
    assert heard.text == TALK.strip()
    assert heard.source == "speech:tones 1"
    assert heard.seconds_at(heard.text.index("odesa", 40)) == pytest.approx(5.5, abs=0.06)
    assert scenario.recogniser.heard == CHUNKS
    assert list((scenario.settings.home / "audio").iterdir()) == []
    assert scenario.rt.store.read_rows(select(recording_chunks)) == []


def test_what_is_done_is_not_done_again(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    scenario.listen()
    assert scenario.listen() == Tally("listen")
    assert scenario.requests("one") == 1


def test_a_feed_that_nobody_has_switched_on_is_not_listened_to(settings: Settings, podcast: Podcast) -> None:
    scenario = ListenScenario(settings, podcast, listen=False, tags=("wanted.xml",))
    scenario.speak("one", TALK)
    scenario.add_feed("one", path="/quiet.xml")
    assert scenario.listen() == Tally("listen")
    assert scenario.requests("one") == 0
    scenario.add_feed("one", path="/wanted.xml")
    assert scenario.listen().new == 1
    scenario.rt.close()


def test_a_run_that_stops_goes_on_with_the_chunk_it_was_at(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    asked = iter([True, True, False])
    assert scenario.listen(may_continue=lambda: next(asked)) == Tally("listen")
    assert scenario.recogniser.heard == CHUNKS[:2]
    assert scenario.transcripts() == []
    assert scenario.listen() == Tally("listen", done=1, new=1)
    assert scenario.recogniser.heard == CHUNKS
    assert scenario.transcripts()[0].text == TALK.strip()
    assert scenario.requests("one") == 1


def test_what_a_killed_run_left_is_not_taken_for_the_audio_of_another_episode_with_its_number(
    scenario: ListenScenario,
) -> None:
    scenario.speak("one", TALK)
    scenario.speak("two", "ships leave")
    scenario.add_feed("one", path="/a.xml")
    asked = iter([True, False])
    scenario.listen(may_continue=lambda: next(asked))
    [feed] = scenario.rt.store.feeds()
    [before] = scenario.rt.store.episodes_without_transcript()
    scenario.rt.store.remove_feed(feed.url)
    scenario.add_feed("two", path="/b.xml")
    [after] = scenario.rt.store.episodes_without_transcript()
    assert after.id == before.id
    scenario.listen()
    assert [t.text for t in scenario.transcripts()] == ["ships leave"]


def test_progress_says_how_much_of_the_audio_was_heard(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    said: list[ListenProgress] = []
    scenario.listen(progress=said.append)
    assert [p.title for p in said] == ["one"] * len(CHUNKS)
    assert [p.of for p in said] == [pytest.approx(16.0)] * len(CHUNKS)
    assert said[-1].done == pytest.approx(16.0)


def test_what_is_found_in_it_is_told_as_recognised_and_edited_once_a_transcript_is_published(
    scenario: ListenScenario,
) -> None:
    rt = scenario.rt
    rt.store.sync_watches([Watch(name="grain", query="grain", channel="#trade")], rt.store.clock())
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    scenario.listen()
    detect(rt, rt.store.clock())
    [watch] = rt.store.watches()
    [told] = rt.store.deliveries_of(watch_id=watch.id)
    heard = rt.store.content_of(told.delivery)
    assert isinstance(heard, Alert)
    assert heard.is_recognised
    scenario.host.serve("/one.vtt", vtt("The grain came from Odesa today."), "text/vtt")
    scenario.add_feed("one", transcript=scenario.host.url("/one.vtt"))
    fetch(rt, rt.store.clock())
    detect(rt, rt.store.clock())
    [stored] = rt.store.deliveries_of(watch_id=watch.id)
    published = rt.store.content_of(stored.delivery)
    assert isinstance(published, Alert)
    assert not published.is_recognised
    assert published.key == heard.key


def test_a_recogniser_that_takes_keyterms_gets_the_names_watched_in_the_feed_and_no_other_does(
    scenario: ListenScenario,
) -> None:
    watches = [
        Watch(name="envoy", entity="Anatoly Dobrynin", aliases=("Ambassador Dobrynin",), channel="#x"),
        Watch(name="elsewhere", entity="Somebody Else", scope=Scope(tags=("sport",)), channel="#x"),
        Watch(name="grain", query="grain", channel="#x"),
    ]
    scenario.rt.store.sync_watches(watches, scenario.rt.store.clock())
    for name, words, takes in (("one", "grain came", False), ("two", "ships leave", True)):
        scenario.speak(name, words)
        scenario.add_feed(name, path=f"/{name}.xml")
        scenario.recogniser.takes_keyterms = takes
        scenario.listen()
    assert scenario.recogniser.hints == ["Anatoly Dobrynin", "Ambassador Dobrynin"]


def test_audio_that_two_feeds_have_is_heard_once(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one", path="/a.xml")
    scenario.add_feed("other", path="/b.xml", audio=scenario.host.url("/one.wav?from=b"))
    assert scenario.listen().new == 2
    assert scenario.recogniser.heard == CHUNKS
    assert [t.text for t in scenario.transcripts()] == [TALK.strip()] * 2


def test_audio_in_which_nobody_speaks_is_said_and_not_asked_for_again(scenario: ListenScenario) -> None:
    scenario.speak("one", "", silence=3.0)
    scenario.add_feed("one")
    tally = scenario.listen()
    assert (tally.done, tally.new, tally.failed) == (1, 0, 1)
    assert tally.notes == (f"{scenario.host.url('/one.wav')}: nobody speaks in it",)
    assert scenario.errors() == list(tally.notes)
    assert scenario.listen() == Tally("listen")


def test_what_was_heard_counts_on_the_day_though_nothing_came_of_it(scenario: ListenScenario) -> None:
    scenario.speak("one", "", silence=3.0)
    scenario.add_feed("one")
    assert scenario.listen().failed == 1
    yesterday = scenario.rt.store.clock() - timedelta(days=1)
    assert scenario.rt.store.seconds_heard(yesterday) == pytest.approx(3.0, abs=0.1)


def test_one_episode_that_fails_stops_no_other(scenario: ListenScenario) -> None:
    scenario.speak("two", "grain came")
    scenario.add_feed("gone", "two")
    tally = scenario.listen()
    assert (tally.done, tally.new, tally.failed) == (2, 1, 1)
    assert "404" in tally.notes[0]


def test_a_recogniser_that_cannot_be_used_ends_the_run_and_the_episodes_are_heard_once_it_is_mended(
    scenario: ListenScenario,
) -> None:
    for name in ("one", "two"):
        scenario.speak(name, TALK)
    scenario.add_feed("one", "two")
    scenario.rt._recogniser = DeafRecogniser()
    with pytest.raises(RecogniserError, match="refuses the key"):
        scenario.listen()
    assert scenario.requests("one") + scenario.requests("two") == 1, "the next one is not even asked for"
    scenario.rt._recogniser = ToneRecogniser()
    assert scenario.listen().new == 2


def test_a_bug_is_stamped_on_its_episode_and_the_next_one_is_heard(scenario: ListenScenario) -> None:
    scenario.speak("one", "grain came")
    scenario.speak("two", "ships leave")
    scenario.add_feed("one", "two")

    def break_once(n: int) -> None:
        if not scenario.recogniser.heard and not broken:
            broken.append(n)
            raise ZeroDivisionError("in the model")

    broken: list[int] = []
    scenario.rt._recogniser = scenario.recogniser = ToneRecogniser(before=break_once)
    with pytest.raises(ExceptionGroup):
        scenario.listen()
    assert len(scenario.transcripts()) == 1
    assert [e for e in scenario.errors() if e] == ["a bug in podwatch: ZeroDivisionError: in the model"]


def test_the_hours_of_a_day_bound_what_is_heard_and_the_rest_waits_for_the_next_day(
    settings: Settings, podcast: Podcast
) -> None:
    scenario = ListenScenario(settings, podcast, hours=0.5)
    for name in ("one", "two"):
        scenario.speak(name, "grain came from odesa")
    scenario.add_feed("one", "two")
    tally = scenario.listen()
    assert (tally.new, tally.notes) == (
        1,
        ("1 wait for another day: the hours of listening of this one are spent",),
    )
    assert scenario.listen() == Tally("listen")
    tomorrow = scenario.rt.store.clock() + timedelta(days=1)
    assert len(plan_day(scenario.rt, tomorrow).chosen) == 1
    scenario.rt.close()


def test_a_transcript_that_is_published_later_takes_the_place_of_what_was_heard(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one")
    scenario.listen()
    scenario.host.serve("/one.vtt", vtt("The grain came from Odesa today."), "text/vtt")
    scenario.add_feed("one", transcript=scenario.host.url("/one.vtt"))
    assert fetch(scenario.rt, scenario.rt.store.clock()).new == 1
    [published] = scenario.transcripts()
    assert (published.text, published.revision) == ("The grain came from Odesa today.", 2)


def test_an_episode_whose_transcript_is_still_to_come_is_left_to_fetch(scenario: ListenScenario) -> None:
    scenario.speak("one", TALK)
    scenario.add_feed("one", transcript=scenario.host.url("/one.vtt"))
    assert scenario.listen() == Tally("listen")


def test_a_task_hears_the_one_episode_that_it_is_given(scenario: ListenScenario) -> None:
    for name in ("one", "two"):
        scenario.speak(name, "grain came")
    scenario.add_feed("one", "two")
    now = scenario.rt.store.clock()
    first, second = (r.episode.id for r in plan_day(scenario.rt, now).chosen)
    assert listen_to_episodes(scenario.rt, now, [second], ListenOptions()).new == 1
    assert [r.episode.id for r in plan_day(scenario.rt, now).chosen] == [first]


def test_audio_that_needs_the_feeds_login_gets_it(scenario: ListenScenario) -> None:
    scenario.speak("one", "grain came")
    scenario.add_feed("one")
    [feed] = scenario.rt.store.feeds()
    scenario.host.logins["/one.wav"] = "user:password"
    scenario.rt.store.add_feeds([replace(feed, login="user:password")], scenario.rt.store.clock())
    assert scenario.listen().new == 1


def test_two_runs_side_by_side_hear_each_chunk_once(settings: Settings, podcast: Podcast) -> None:
    one = ListenScenario(settings, podcast)
    names = [f"e{n}" for n in range(3)]
    for name in names:
        one.speak(name, TALK + " today" * (int(name[1]) + 1))
    one.add_feed(*names)
    two = ListenScenario(settings, podcast)
    with ThreadPoolExecutor(2) as threads:
        tallies = list(threads.map(ListenScenario.listen, (one, two)))
    assert sum(t.new for t in tallies) == 3
    assert sum(t.failed for t in tallies) == 0
    alone = [word for name in names for word in chunks_of(one.host.pages[f"/{name}.wav"].body)]
    assert sorted(one.recogniser.heard + two.recogniser.heard) == sorted(alone)
    assert sorted(len(t.text.split()) for t in one.transcripts()) == [33, 34, 35]
    one.rt.close()
    two.rt.close()
