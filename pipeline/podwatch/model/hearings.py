"""Hearings: places where a watched name may be said, and what the audio said when it was asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HearingOutcome(StrEnum):
    """What became of hearing a place again. All but the first leave the text's own judgement."""

    HEARD = "heard"
    NO_AUDIO = "no_audio"  # gone, refused, or not there in time
    OTHER_AUDIO = "other_audio"  # other words are said there than the transcript has
    NO_TIMES = "no_times"  # the transcript does not say when anything is said
    NO_MODEL = "no_model"  # the recogniser tells no probabilities, or not in this language
    NOT_IN_TIME = "not_in_time"  # nobody has heard it for a day: switched off, or nothing runs that hears
    NO_BUDGET = "no_budget"  # nearer places took the seconds there were

    @property
    def why_left(self) -> str:
        """Why the audio was not asked, in words; "" of what was heard."""
        return _WHY_LEFT.get(self, "")


_WHY_LEFT = {
    HearingOutcome.NO_AUDIO: "the audio is gone",
    HearingOutcome.OTHER_AUDIO: "the audio has other words there",
    HearingOutcome.NO_TIMES: "the transcript has no times",
    HearingOutcome.NO_MODEL: "no recogniser here tells probabilities",
    HearingOutcome.NOT_IN_TIME: "nobody listened in time",
    HearingOutcome.NO_BUDGET: "too much was in doubt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A place where a watched name may be said, and the text alone does not decide.

    name: as it is watched, in full. start, end: characters of the transcript, half-open. surface: what stands there.
    score: by the text alone, 0 to 1. is_wide: the text has passed it over, and only the wider net proposes it; then the
    score is the net's.
    """

    name: str
    start: int
    end: int
    surface: str
    score: float
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What was heard of a doubt. likelihoods: the numbers of speech.forced_decoding.Likelihoods, none unless HEARD.

    recogniser: its name with its model and that one's revision.
    """

    doubt: Doubt
    outcome: HearingOutcome
    likelihoods: tuple[float, ...] = ()
    recogniser: str = ""
