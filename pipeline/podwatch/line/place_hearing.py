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
        wide = {d: (max(0.0, at - SEARCH_SECONDS), at + SEARCH_SECONDS) for d, at in by_time.items() if d in timed}
        spans = [(p.start, p.end) for p in exact.values()]
        self.audio.plan(spans + [span for d, span in wide.items() if not (self.is_same and d in exact)])
        if exact:
            self.audio.require_exact()  # to look a place up costs several times the seconds of hearing it
        for d in sorted(timed, key=lambda d: (d.is_wide, -d.score)):
            if of_talk <= 0:
                results[d] = _left(d, HearingOutcome.NO_BUDGET)
            elif seconds > 0:
                results[d] = self._hear_one(d, wide[d], exact.get(d) if self.audio.is_exact else None)
                seconds -= results[d].seconds
                of_talk -= results[d].seconds
                progress()
        return [results[d] for d in doubts if d in results]

    def _hear_one(self, d: Doubt, wide: Span, place: AudioPlace | None) -> HeardPlace:
        """wide: where it is looked for. place: known by the times of words; None: it is looked for.

        What was encoded for another name at the same place serves this one, too.
        """
        spent, key = 0.0, (d.start, d.end)
        if key not in self._windows:
            self._windows[key], spent = self._open_window(d, wide, place)
        if (opened := self._windows[key]) is None:
            return _left(d, HearingOutcome.OTHER_AUDIO, spent)
        found, window = opened
        each = [self.hearer.likelihoods(window, found.place, spelling) for spelling in spellings_of(d.name)]
        best = max(each, key=lambda x: x.prompted_ratio)
        hearing = Hearing(
            doubt=d, outcome=HearingOutcome.HEARD, likelihoods=best.numbers(), recogniser=self.hearer.name
        )
        return HeardPlace(hearing, spent)

    def _open_window(self, d: Doubt, wide: Span, known: AudioPlace | None) -> tuple[_Window | None, float]:
        """(a place with its sound as the model has it, None where other words are said; the seconds that it took)

        Audio that was fetched anew may be another copy than that of which the words have their times: what does not
        fit there is looked for.
        """
        spent = 0.0
        if known is not None:
            window, spent = self._encode(known, self.audio.read((known.start, known.end)))
            if window is not None or self.is_same:
                return window, spent
        place, searched = self._search(d, wide)
        spent += searched
        if place is None:
            return None, spent
        window, encoded = self._encode(place, self.audio.read((max(wide[0], place.start), min(wide[1], place.end))))
        return window, spent + encoded

    def _encode(self, place: AudioPlace, samples: NDArray[np.float32]) -> tuple[_Window | None, float]:
        """(the window, None where other words are said; its seconds)"""
        if len(samples) < SAMPLE_RATE:
            return None, len(samples) / SAMPLE_RATE
        window = self.hearer.encode(samples)
        is_right = fits(self.hearer.context_likelihood(window, place.place))
        return ((place, window) if is_right else None), len(samples) / SAMPLE_RATE

    def _search(self, d: Doubt, wide: Span) -> tuple[AudioPlace | None, float]:
        """(the window of a place, looked for by the words around it; the seconds that were recognised for that)"""
        if self._misses >= MOST_SEARCHES:
            return None, 0.0
        at = self.transcript.seconds_at(d.start)
        close = [CLOSE_SECONDS] if self._is_shift_known else []
        near = [_within(wide, at + self._shift, reach) for reach in (*close, NEAR_SECONDS)]
        place, spent = self._search_spans(d, near if not self.audio.is_exact else (*near, wide))
        if place is None and not self.audio.is_exact:
            self.audio.require_exact()
            place, again = self._search_spans(d, (*near, wide))
            spent += again
        if place is None:
            self._misses += 1
        else:
            self._shift, self._is_shift_known = (place.start + place.end) / 2 - at, True
        return place, spent

    def _search_spans(self, d: Doubt, spans: Sequence[Span]) -> tuple[AudioPlace | None, float]:
        """As _search, in the first of these spans that has it."""
        spent = 0.0
        for first, end in spans:
            if end <= first:
                continue
            part = self.audio.read((first, end))
            if len(part) < SAMPLE_RATE:
                continue
            chunk = self.recogniser.recognise(part, language=self.transcript.language)
            spent += len(part) / SAMPLE_RATE
            words = [w for s in chunk.segments for w in s.words]
            if (place := place_by_recognition(words, self.transcript, d, first)) is not None:
                return place, spent
        return None, spent


def _left(d: Doubt, outcome: HearingOutcome, seconds: float = 0.0) -> HeardPlace:
    """A place that is left to the text."""
    return HeardPlace(Hearing(doubt=d, outcome=outcome), seconds)


def _within(wide: Span, at: float, reach: float) -> Span:
    """The part of a span that is at most ``reach`` seconds from ``at``."""
    return max(wide[0], at - reach), min(wide[1], at + reach)
