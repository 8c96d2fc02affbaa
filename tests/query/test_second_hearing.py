"""What the audio says of a name in doubt is weighed with the text, and every other case is left to the text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch import query
from podwatch.model import Doubt, Hearing, HearingOutcome, Segment, Watch, join_segments
from podwatch.query import EpisodeFields, second_hearing
from podwatch.query.hearing_weights import load_weights
from podwatch.query.second_hearing import (
    CHARACTERS_AN_HOUR,
    PLACES_AN_HOUR,
    choose_doubts,
    combine,
    is_in_doubt,
    judge,
    sounds_like_another,
    spellings_of,
)
from podwatch.speech.forced_decoding import LIKELIHOODS, Likelihoods

SAID = Likelihoods(prompted=-0.1, prompted_ratio=3.0, plain=-1.0, plain_ratio=1.0, written=-1.0).numbers()
NOT_SAID = Likelihoods(prompted=-6.0, prompted_ratio=-5.0, plain=-8.0, plain_ratio=-8.0, written=-1.0).numbers()
SCORES = st.floats(0.0, 1.0)
NATS = st.floats(-60.0, 20.0)
TALK = "Grain came from witcop today, ships leave again."
WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", type="person", sounds_like=True)


def doubt(score: float = 0.3, start: int = 0, name: str = "Steve Witkoff") -> Doubt:
    return Doubt(name=name, start=start, end=start + 6, surface="witcop", score=score)


def heard(outcome: HearingOutcome = HearingOutcome.HEARD, likelihoods: tuple[float, ...] = SAID) -> Hearing:
    return Hearing(doubt=doubt(), outcome=outcome, likelihoods=likelihoods)


def test_the_weights_are_of_the_likelihoods_that_are_measured() -> None:
    for weights in (load_weights().text, load_weights().wide):
        assert weights.names == LIKELIHOODS


def test_audio_lifts_a_name_that_was_said_and_sinks_one_that_was_not() -> None:
    assert combine(0.3, SAID) > 0.9
    assert combine(0.8, NOT_SAID) < 0.1


@given(SCORES, SCORES, st.tuples(*[NATS] * len(LIKELIHOODS)))
def test_a_likelier_text_never_makes_a_name_less_likely(a: float, b: float, likelihoods: tuple[float, ...]) -> None:
    low, high = sorted((a, b))
    assert 0.0 <= combine(low, likelihoods) <= combine(high, likelihoods) <= 1.0


@given(SCORES, st.tuples(*[NATS] * len(LIKELIHOODS)), st.floats(0.0, 30.0))
def test_a_likelier_sound_never_makes_a_name_less_likely(
    score: float, likelihoods: tuple[float, ...], more: float
) -> None:
    for i, weight in enumerate(load_weights().text.values):
        assert weight >= 0.0
        louder = tuple(x + more * (i == k) for k, x in enumerate(likelihoods))
        assert combine(score, louder) >= combine(score, likelihoods)


# outcome, what the reason says
LEFT = [
    (HearingOutcome.NO_AUDIO, "not heard again: the audio is gone"),
    (HearingOutcome.OTHER_AUDIO, "not heard again: the audio has other words there"),
    (HearingOutcome.NO_TIMES, "not heard again: the transcript has no times"),
    (HearingOutcome.NO_MODEL, "not heard again: no recogniser here tells probabilities"),
    (HearingOutcome.NOT_IN_TIME, "not heard again: nobody listened in time"),
    (HearingOutcome.NO_BUDGET, "not heard again: too much was in doubt"),
]


@pytest.mark.parametrize(("outcome", "reason"), LEFT)
def test_what_could_not_be_heard_is_left_to_the_text_with_the_reason(outcome: HearingOutcome, reason: str) -> None:
    judged = judge(0.7, "witcop", "Steve Witkoff", heard(outcome, ()))
    assert (judged.score, judged.reason) == (0.7, reason)


def test_every_outcome_but_one_is_left_to_the_text() -> None:
    assert {outcome for outcome, _ in LEFT} | {HearingOutcome.HEARD} == {*HearingOutcome}


# nats by which the audio is likelier where the name was said, how that is said
WORDS = [
    (3.0, "Steve Witkoff far likelier than wit cop"),
    (1.0, "Steve Witkoff likelier than wit cop"),
    (0.2, "heard as wit cop, the audio does not tell it from Steve Witkoff"),
    (-1.0, "Steve Witkoff less likely than wit cop"),
    (-4.0, "Steve Witkoff far less likely than wit cop"),
]


@pytest.mark.parametrize(("ratio", "words"), WORDS)
def test_the_reason_says_how_much_likelier_the_name_is(
    ratio: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_hearing, "likelihood_ratio", lambda likelihoods, is_wide: ratio)
    judged = judge(0.3, "wit\ncop", "Steve Witkoff", heard())
    assert judged.reason == f"heard again: {words}"
    assert (judged.score > 0.3) == (ratio > 0) or ratio == 0


# what is written, the watched name: whether no ear tells them apart
NEAR_NAMES = [
    ("Sharif", "Shehbaz Sharef", True),
    ("Sharif's", "Shehbaz Sharef", True),
    ("Bennett", "Naftali Bennedt", True),
    ("Spokane", "Spokame", True),
    ("Sharif", "Shehbaz Sharif", False),  # the name itself
    ("Cuderov", "Ramzan Kadyrov", False),  # nobody's name
    ("Maybelline", "Elvira Nabiullina", False),  # another name, and other sounds
    ("Le Karki", "Sushila Karki", False),
    ("", "Sushila Karki", False),
    ("Карки", "Sushila Karki", False),
]


@pytest.mark.parametrize(("written", "name", "is_near"), NEAR_NAMES)
def test_a_name_one_sound_away_is_known_as_such(written: str, name: str, is_near: bool) -> None:
    assert sounds_like_another(written, name) is is_near


def test_the_audio_lifts_no_name_where_another_one_is_written_that_sounds_the_same() -> None:
    for likelihoods, lifts in ((SAID, False), (NOT_SAID, False)):
        judged = judge(0.3, "Sharif", "Shehbaz Sharef", heard(likelihoods=likelihoods))
        assert (judged.score > 0.3) is lifts
    undecided = judge(0.3, "Sharif", "Shehbaz Sharef", heard())
    assert (undecided.score, undecided.reason) == (
        0.3,
        "heard again: heard as Sharif, the audio does not tell it from Shehbaz Sharef",
    )


# name, what the audio is asked about
SPELLINGS = [
    ("Steve Witkoff", ("Steve Witkoff", "Witkoff")),
    ("Ursula von der Leyen", ("Ursula von der Leyen", "von der Leyen")),
    ("Cai Qi", ("Cai Qi",)),
    ("Kramatorsk", ("Kramatorsk",)),
]


@pytest.mark.parametrize(("name", "spellings"), SPELLINGS)
def test_a_name_is_asked_about_in_full_and_by_its_surname(name: str, spellings: tuple[str, ...]) -> None:
    assert spellings_of(name) == spellings


@given(
    st.lists(st.builds(doubt, SCORES, st.integers(0, 10_000)), max_size=40), st.integers(0, 200_000), st.integers(0, 9)
)
def test_the_likeliest_doubts_are_heard_and_no_more_than_an_hour_of_talk_may_have(
    doubts: list[Doubt], characters: int, already: int
) -> None:
    chosen = choose_doubts(doubts, characters, already)
    hours = max(1, -(-characters // CHARACTERS_AN_HOUR))
    assert len(chosen) == min(len(doubts), max(0, PLACES_AN_HOUR * hours - already))
    left = [d.score for d in doubts]
    for d in chosen:
        left.remove(d.score)
    assert not chosen or not left or min(d.score for d in chosen) >= max(left)


def find(fields: EpisodeFields) -> query.EngineResult:
    return query.build_engine([WITKOFF])(join_segments([Segment(0.0, 9.0, TALK)]), fields)


def test_an_engine_reports_a_doubt_only_where_the_audio_is_asked() -> None:
    assert find(EpisodeFields()).doubts == ()
    [found] = find(EpisodeFields(asks_audio=True)).doubts
    assert (found.name, found.surface, is_in_doubt(found.score)) == ("Steve Witkoff", "witcop", True)
    assert TALK[found.start : found.end] == "witcop"


def test_places_that_nobody_has_heard_take_no_seconds_from_others() -> None:
    [d] = find(EpisodeFields(asks_audio=True)).doubts
    others = (Doubt(name="Somebody", start=n, end=n + 1, surface="x", score=0.5) for n in range(PLACES_AN_HOUR))
    left = tuple(Hearing(doubt=other, outcome=HearingOutcome.NO_BUDGET) for other in others)
    assert find(EpisodeFields(asks_audio=True, hearings=left)).doubts == (d,)


def test_a_doubt_is_not_asked_twice_and_what_was_heard_decides() -> None:
    [d] = find(EpisodeFields(asks_audio=True)).doubts
    for likelihoods, expected in ((SAID, ["witcop"]), (NOT_SAID, [])):
        hearing = Hearing(doubt=d, outcome=HearingOutcome.HEARD, likelihoods=likelihoods)
        for asks in (True, False):
            found = find(EpisodeFields(asks_audio=asks, hearings=(hearing,)))
            assert found.doubts == ()
            assert [m.surface for m in found.mentions] == expected


def test_a_doubt_of_a_watch_that_is_not_wanted_here_is_none() -> None:
    engine = query.build_engine([WITKOFF, replace(WITKOFF, name="other", entity="Anatoly Dobrynin")])
    fields = EpisodeFields(asks_audio=True)
    transcript = join_segments([Segment(0.0, 9.0, TALK)])
    assert engine(transcript, fields, {"other"}).doubts == ()
    assert len(engine(transcript, fields, {"witkoff"}).doubts) == 1
