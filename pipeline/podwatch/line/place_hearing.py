"""Hears places of one transcript in one episode's audio: what became of each doubt, within some seconds of audio.

Where a place is in the audio is known by the times of its words, or looked for by the words beside it; where those are
not said, the audio is another one (an advertisement, a new cut), and the text is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from podwatch.line.hearing_audio import HearingAudio, Span
from podwatch.model import Doubt, Hearing, HearingOutcome, Transcript
from podwatch.policy.hearing_schedule import fits, seconds_for
from podwatch.query.second_hearing import spellings_of
from podwatch.speech.hearing_places import AudioPlace, place_by_recognition, place_by_words
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.store.hearings import HeardPlace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.speech.forced_decoding import ForcedDecoder
    from podwatch.speech.recognisers import Recogniser

SEARCH_SECONDS = 45.0  # on either side of the time that the transcript says, in which a place is looked for ...
NEAR_SECONDS = 12.0  # ... once it is not this near to it ...
CLOSE_SECONDS = 5.0  # ... or, behind one that was found, this near to where it would be by that one
LATE_SECONDS = 15.0  # on either side of where it would be if all by which the audio is longer were before it
MOST_LATE = 1800.0  # seconds that it may be longer, as by advertisements
MOST_SEARCHES = 3  # of one transcript that find nothing: then its audio has other words
_Window = tuple[AudioPlace, Any]  # with its sound as the model has it


@dataclass(slots=True)
class PlaceHearing:
    """Hears places of one transcript in one episode's audio."""

    audio: HearingAudio
    transcript: Transcript
    recogniser: Recogniser
    hearer: ForcedDecoder
    is_own: bool  # the transcript was made of audio, so that its times are those of the words ...
    is_same: bool  # ... and of these bytes
    _shift: float = 0.0  # seconds by which the audio was later than the transcript at the last place
    _is_shift_known: bool = False
    _misses: int = 0
    _windows: dict[tuple[int, int], _Window | None] = field(default_factory=dict)

    def hear(
        self, doubts: Sequence[Doubt], seconds: float, progress: Callable[[], None] = lambda: None
    ) -> list[HeardPlace]:
        """What became of them; the likeliest are heard first, while this talk has seconds left.

        seconds: of audio that are left of the day; those that they do not suffice for are left out, and go on waiting.
        progress: called after each.
        """
        talk = max((e for e in self.transcript.ends if e == e), default=0.0)
        of_talk = seconds_for(talk, is_wide=any(d.is_wide for d in doubts))
        by_time = {d: self.transcript.seconds_at(d.start) for d in doubts}
        timed = [d for d, at in by_time.items() if at == at]  # not nan
        results = {d: _left(d, HearingOutcome.NO_TIMES) for d in doubts if d not in timed}
        exact = {d: p for d in timed if self.is_own and (p := place_by_words(self.transcript, d)) is not None}
        late = 0.0 if self.is_same else self.audio.seconds - talk
        searched = {d: _search_areas(at, late) for d, at in by_time.items() if d in timed}
        spans = [(p.start, p.end) for p in exact.values()]
        spans += [area for d, areas in searched.items() if not (self.is_same and d in exact) for area in areas]
        self.audio.plan(spans)
        if exact:
            self.audio.require_exact()  # to look a place up costs several times the seconds of hearing it
        for d in sorted(timed, key=lambda d: (d.is_wide, -d.score)):
            if of_talk <= 0:
                results[d] = _left(d, HearingOutcome.NO_BUDGET)
            elif seconds > 0:
                results[d] = self._hear_one(d, searched[d], exact.get(d) if self.audio.is_exact else None)
                seconds -= results[d].seconds
                of_talk -= results[d].seconds
                progress()
        return [results[d] for d in doubts if d in results]

    def _hear_one(self, d: Doubt, areas: Sequence[Span], place: AudioPlace | None) -> HeardPlace:
        """areas: where it is looked for. place: known by the times of words; None: it is looked for.

        What was encoded for another name at the same place serves this one, too.
        """
        spent, key = 0.0, (d.start, d.end)
        if key not in self._windows:
            self._windows[key], spent = self._open_window(d, areas, place)
        if (opened := self._windows[key]) is None:
            return _left(d, HearingOutcome.OTHER_AUDIO, spent)
        found, window = opened
        each = [self.hearer.likelihoods(window, found.place, spelling) for spelling in spellings_of(d.name)]
        best = max(each, key=lambda x: x.prompted_ratio)
        hearing = Hearing(
            doubt=d, outcome=HearingOutcome.HEARD, likelihoods=best.numbers(), recogniser=self.hearer.name
        )
        return HeardPlace(hearing, spent)

    def _open_window(self, d: Doubt, areas: Sequence[Span], known: AudioPlace | None) -> tuple[_Window | None, float]:
        """(a place with its sound as the model has it, None where other words are said; the seconds that it took)

        Audio that was fetched anew may be another copy than that of which the words have their times: what does not
        fit there is looked for.
        """
        spent = 0.0
        if known is not None:
            window, spent = self._encode(known, self.audio.read((known.start, known.end)))
            if window is not None or self.is_same:
                return window, spent
        found, searched = self._search(d, areas)
        spent += searched
        if found is None:
            return None, spent
        place, area = found
        window, encoded = self._encode(place, self.audio.read((max(area[0], place.start), min(area[1], place.end))))
        return window, spent + encoded

    def _encode(self, place: AudioPlace, samples: NDArray[np.float32]) -> tuple[_Window | None, float]:
        """(the window, None where other words are said; its seconds)"""
        if len(samples) < SAMPLE_RATE:
            return None, len(samples) / SAMPLE_RATE
        window = self.hearer.encode(samples)
        is_right = fits(self.hearer.context_likelihood(window, place.place))
        return ((place, window) if is_right else None), len(samples) / SAMPLE_RATE

    def _search(self, d: Doubt, areas: Sequence[Span]) -> tuple[tuple[AudioPlace, Span] | None, float]:
        """(the window of a place, looked for by the words around it, with its area; the seconds recognised for that)"""
        if self._misses >= MOST_SEARCHES:
            return None, 0.0
        at = self.transcript.seconds_at(d.start)
        expected = at + self._shift
        reaches = (CLOSE_SECONDS, NEAR_SECONDS) if self._is_shift_known else (NEAR_SECONDS,)
        near = [(_within(a, expected, r), a) for r in reaches for a in areas if a[0] <= expected <= a[1]][:2]
        every = [*near, *((area, area) for area in reversed(areas))]  # the one that is late is the smaller one
        found, spent = self._search_spans(d, every if self.audio.is_exact else near)
        if found is None and not self.audio.is_exact:
            self.audio.require_exact()
            found, again = self._search_spans(d, every)
            spent += again
        if found is None:
            self._misses += 1
        else:
            self._shift, self._is_shift_known = (found[0].start + found[0].end) / 2 - at, True
        return found, spent

    def _search_spans(
        self, d: Doubt, spans: Sequence[tuple[Span, Span]]
    ) -> tuple[tuple[AudioPlace, Span] | None, float]:
        """As _search, in the first of these spans, each of its area, that has it."""
        spent = 0.0
        for (first, end), area in spans:
            if end <= first:
                continue
            part = self.audio.read((first, end))
            if len(part) < SAMPLE_RATE:
                continue
            chunk = self.recogniser.recognise(part, language=self.transcript.language)
            spent += len(part) / SAMPLE_RATE
            words = [w for s in chunk.segments for w in s.words]
            if (place := place_by_recognition(words, self.transcript, d, first)) is not None:
                return (place, area), spent
        return None, spent


def _left(d: Doubt, outcome: HearingOutcome, seconds: float = 0.0) -> HeardPlace:
    """A place that is left to the text."""
    return HeardPlace(Hearing(doubt=d, outcome=outcome), seconds)


def _search_areas(at: float, late: float) -> tuple[Span, ...]:
    """Where a place is looked for that the transcript has at ``at``, when the audio is ``late`` seconds longer."""
    around = (max(0.0, at - SEARCH_SECONDS), at + SEARCH_SECONDS)
    if not NEAR_SECONDS < late <= MOST_LATE:
        return (around,)
    return around, (max(0.0, at + late - LATE_SECONDS), at + late + LATE_SECONDS)


def _within(area: Span, at: float, reach: float) -> Span:
    """The part of an area that is at most ``reach`` seconds from ``at``."""
    return max(area[0], at - reach), min(area[1], at + reach)
