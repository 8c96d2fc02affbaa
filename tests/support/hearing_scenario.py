"""A watch for a name that the text leaves in doubt, and a feed whose episode says something that may be it.

Words are tones, and a recogniser of tones tells how likely each was said (tests/support/tone_speech.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from podwatch import runtime
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.hear_again import hear_again
from podwatch.line.listen import listen
from podwatch.line.poll import poll
from podwatch.model import Feed, HearingOutcome, Mention, Tally, Watch
from podwatch.settings import Settings
from podwatch.speech_settings import SpeechSettings
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss
from tests.support.tone_speech import ToneRecogniser, speak

TALK = "grain came from kallis today ships leave again "
KALLAS = {"Kaja Kallas": "odesa", "Kallas": "kallis"}  # the surname is said as "kallis"
SOMEBODY_ELSE = {"Kaja Kallas": "odesa", "Kallas": "odesa"}
NAME = Watch(name="kallas", entity="Kaja Kallas", type="person", sounds_like=True)


class HearingScenario:
    """A watch for a name, and a feed whose episode says something that may be it."""

    def __init__(self, settings: Settings, podcast: Podcast, *, sounds: Any, **speech: Any) -> None:
        place_database(settings.home)
        self.host = podcast
        chosen: dict[str, Any] = {"listen": True, "again": True, **speech}
        self.settings = replace(settings, speech=SpeechSettings(**chosen))
        self.rt = runtime.build(self.settings)
        self.recogniser = ToneRecogniser(sounds=sounds, longest=30.0)
        self.rt._recogniser = self.recogniser
        self.now = self.rt.store.clock()
        self.rt.store.sync_watches([NAME], self.now)

    def add_episode(self, said: str, *, published: str | None = None, audio: str = "") -> None:
        """An episode whose audio says this; published: a transcript that its feed names."""
        self.host.serve("/one.wav", speak(said), "audio/wav")
        transcript = self.host.serve("/one.vtt", published, "text/vtt") if published else None
        url = self.host.serve(
            "/feed.xml", rss(item("one", audio=audio or self.host.url("/one.wav"), transcript=transcript))
        )
        self.rt.store.add_feeds([Feed(url=url)], self.now)
        poll(self.rt, self.now, force=True)
        fetch(self.rt, self.now)
        listen(self.rt, self.now)

    def detect(self, at: datetime | None = None) -> list[Mention]:
        detect(self.rt, at or self.now)
        return [found.mention for found in self.rt.store.mentions()]

    def hear_again(self, at: datetime | None = None) -> Tally:
        return hear_again(self.rt, at or self.now)

    def outcomes(self) -> list[HearingOutcome | None]:
        """What became of each doubt; None: it waits."""
        return [h.hearing.outcome if h.is_decided else None for h in self.rt.store.list_hearings()]


Opener = Callable[..., HearingScenario]


@contextmanager
def open_scenarios(settings: Settings, podcast: Podcast) -> Iterator[Opener]:
    """Opens scenarios in which the names sound so, with other settings of listening."""
    with ExitStack() as opened:

        def open_one(sounds: Any = KALLAS, **speech: Any) -> HearingScenario:
            scenario = HearingScenario(settings, podcast, sounds=sounds, **speech)
            opened.callback(scenario.rt.close)
            return scenario

        yield open_one
