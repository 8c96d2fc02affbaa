"""Hears places of one transcript in one audio file: what became of each doubt, within some seconds of audio.

Where a place is in the audio is known by the times of its words, or looked for by the words beside it; where those are
not said, the audio is another one (an advertisement, a new cut), and the text is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podwatch.model import Doubt, Hearing, HearingOutcome, Transcript
from podwatch.policy.hearing_schedule import fits, seconds_for
from podwatch.query.second_hearing import spellings_of
from podwatch.speech.decoding import open_audio
from podwatch.speech.hearing_places import AudioPlace, place_by_recognition, place_by_words, read_windows
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.store.hearings import HeardPlace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.speech.forced_decoding import ForcedDecoder
    from podwatch.speech.recognisers import Recogniser

SEARCH_SECONDS = 45.0  # on either side of the time that the transcript says, in which a place is looked for ...
NEAR_SECONDS = 12.0  # ... once it is not this near to where the last one was
MOST_SEARCHES = 3  # of one transcript that find nothing: then its audio has other words


@dataclass(slots=True)
class PlaceHearing:
    """Hears places of one transcript in one audio file."""

    path: Path
    max_hours: float
    transcript: Transcript
    recogniser: Recogniser
    hearer: ForcedDecoder
    is_own: bool  # the transcript was made of this audio, so that its times are those of the words
    _shift: float = 0.0  # seconds by which the audio was later than the transcript at the last place
    _misses: int = 0
    _windows: dict[tuple[int, int], tuple[AudioPlace, Any] | None] = field(default_factory=dict)

    def hear(
        self, doubts: Sequence[Doubt], seconds: float, progress: Callable[[], None] = lambda: None
    ) -> list[HeardPlace]:
        """What became of each; the likeliest are heard first, while the day, and this talk, have seconds left.

        progress: called after each.
        """
        talk = max((e for e in self.transcript.ends if e == e), default=0.0)
        seconds = min(seconds, seconds_for(talk, is_wide=any(d.is_wide for d in doubts)))
        by_time = {d: self.transcript.seconds_at(d.start) for d in doubts}
        timed = [d for d, at in by_time.items() if at == at]  # not nan
        results = {d: _left(d, HearingOutcome.NO_TIMES) for d in doubts if d not in timed}
        exact = {d: p for d in timed if self.is_own and (p := place_by_words(self.transcript, d)) is not None}
        spans = {d: self._span(d, by_time[d], exact.get(d)) for d in timed}
        with open_audio(self.path, max_hours=self.max_hours) as audio:
            samples = read_windows(audio, list(spans.values()))
        for d in sorted(timed, key=lambda d: (d.is_wide, -d.score)):
            if seconds <= 0:
                results[d] = _left(d, HearingOutcome.NO_BUDGET)
                continue
            window = samples[spans[d]]
            results[d] = self._hear_one(d, spans[d][0], window, exact.get(d))
            seconds -= results[d].seconds
            progress()
        return [results[d] for d in doubts]

    def _span(self, d: Doubt, at: float, place: AudioPlace | None) -> tuple[float, float]:
        if place is not None:
            return place.start, place.end
        return max(0.0, at - SEARCH_SECONDS), at + SEARCH_SECONDS

    def _hear_one(self, d: Doubt, start: float, samples: NDArray[np.float32], place: AudioPlace | None) -> HeardPlace:
        """start: seconds at which the samples begin. place: known by the times of words; None: it is looked for.

        What was encoded for another name at the same place serves this one, too.
        """
        spent, key = 0.0, (d.start, d.end)
        if key not in self._windows:
            self._windows[key], spent = self._open_window(d, start, samples, place)
        if (opened := self._windows[key]) is None:
            return _left(d, HearingOutcome.OTHER_AUDIO, spent)
        found, window = opened
        each = [self.hearer.likelihoods(window, found.place, spelling) for spelling in spellings_of(d.name)]
        best = max(each, key=lambda x: x.prompted_ratio)
        hearing = Hearing(
            doubt=d, outcome=HearingOutcome.HEARD, likelihoods=best.numbers(), recogniser=self.hearer.name
        )
        return HeardPlace(hearing, spent)

    def _open_window(
        self, d: Doubt, start: float, samples: NDArray[np.float32], place: AudioPlace | None
    ) -> tuple[tuple[AudioPlace, Any] | None, float]:
        """(a place with its sound as the model has it, None where other words are said; the seconds that it took)"""
        spent = 0.0
        if place is None:
            place, spent = self._search(d, start, samples)
            if place is None:
                return None, spent
            first = int((place.start - start) * SAMPLE_RATE)
            samples = samples[max(0, first) : int((place.end - start) * SAMPLE_RATE)]
        spent += len(samples) / SAMPLE_RATE
        if len(samples) < SAMPLE_RATE:
            return None, spent
        window = self.hearer.encode(samples)
        return ((place, window) if fits(self.hearer.context_likelihood(window, place.place)) else None), spent

    def _search(self, d: Doubt, start: float, samples: NDArray[np.float32]) -> tuple[AudioPlace | None, float]:
        """(the window of a place, looked for by the words around it; the seconds that were recognised for that)"""
        spent = 0.0
        if self._misses >= MOST_SEARCHES:
            return None, spent
        at = self.transcript.seconds_at(d.start)
        near = (at + self._shift - NEAR_SECONDS, at + self._shift + NEAR_SECONDS)
        for first, end in (near, (start, start + len(samples) / SAMPLE_RATE)):
            first = max(first, start)
            part = samples[int((first - start) * SAMPLE_RATE) : max(0, int((end - start) * SAMPLE_RATE))]
            if len(part) < SAMPLE_RATE:
                continue
            chunk = self.recogniser.recognise(part, language=self.transcript.language)
            spent += len(part) / SAMPLE_RATE
            words = [w for s in chunk.segments for w in s.words]
            if (place := place_by_recognition(words, self.transcript, d, first)) is not None:
                self._shift = (place.start + place.end) / 2 - at
                return place, spent
        self._misses += 1
        return None, spent


def _left(d: Doubt, outcome: HearingOutcome, seconds: float = 0.0) -> HeardPlace:
    """A place that is left to the text."""
    return HeardPlace(Hearing(doubt=d, outcome=outcome), seconds)
