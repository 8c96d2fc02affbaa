"""The wider net: where the audio is asked about a likely name that the text has passed over, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch import query
from podwatch.model import Doubt, Hearing, HearingOutcome, Segment, Watch, join_segments
from podwatch.phonetics import NameMatch, WatchedName
from podwatch.query import EpisodeFields
from podwatch.query.hearing_weights import load_weights
from podwatch.query.place_proposals import FEATURES, MAX_NAMES, PlaceProposer
from podwatch.query.second_hearing import CHARACTERS_AN_HOUR, PLACES_AN_HOUR
from podwatch.query.wide_doubts import (
    NAMES_A_PLACE,
    WIDE_PLACES_AN_HOUR,
    choose_places,
    group_places,
    match_hearings,
    place_score,
)
from podwatch.speech.forced_decoding import Likelihoods

SAID = Likelihoods(prompted=-0.05, prompted_ratio=4.0, plain=-1.0, plain_ratio=1.0, written=-2.0).numbers()
NOT_SAID = Likelihoods(prompted=-6.0, prompted_ratio=-5.0, plain=-8.0, plain_ratio=-8.0, written=-0.1).numbers()
TALK = "The talks were led by Bollison and they lasted for nine hours."
BOLOJAN = Watch(name="bolojan", entity="Ilie Bolojan", type="person", sounds_like=True)
WIDE = EpisodeFields(notes="With Ilie Bolojan", asks_audio=True, asks_widely=True)
LETTERS = "abcdefghijklmnoprstv"
NAMES = [WatchedName(f"Berta {letter.upper()}ontal{letter}o", (), "person") for letter in LETTERS]
SCORES = st.floats(0.0, 1.0)


def find(fields: EpisodeFields, *watches: Watch, text: str = TALK) -> query.EngineResult:
    return query.build_engine(watches or (BOLOJAN,))(join_segments([Segment(0.0, 9.0, text)]), fields)


def wide_doubt(score: float = 0.2, start: int = 22, length: int = 8, name: str = "Ilie Bolojan") -> Doubt:
    surface = TALK[start : start + length]
    return Doubt(name=name, start=start, end=start + length, surface=surface, score=score, is_wide=True)


def heard(doubt: Doubt, likelihoods: tuple[float, ...] = SAID) -> Hearing:
    return Hearing(doubt=doubt, outcome=HearingOutcome.HEARD, likelihoods=likelihoods)


def test_the_weights_of_places_are_of_the_features_that_are_measured() -> None:
    assert load_weights().places.names == FEATURES


def test_the_audio_is_asked_where_the_text_has_passed_a_likely_name_over() -> None:
    assert find(replace(WIDE, asks_widely=False)).doubts == ()
    [asked] = [d for d in find(WIDE).doubts if d.surface == "Bollison"]
    assert (asked.name, asked.is_wide) == ("Ilie Bolojan", True)
    assert TALK[asked.start : asked.end] == "Bollison"


def test_a_name_that_the_audio_confirms_is_found_and_says_why() -> None:
    [d] = [d for d in find(WIDE).doubts if d.surface == "Bollison"]
    [mention] = find(replace(WIDE, hearings=(heard(d),))).mentions
    assert (mention.surface, mention.kind) == ("Bollison", "sounds_like")
    assert "Bollison may be Ilie Bolojan, which is likely in this episode; heard again: " in mention.reason


def test_what_was_heard_counts_where_the_audio_is_not_asked_any_more() -> None:
    [d] = [d for d in find(WIDE).doubts if d.surface == "Bollison"]
    assert [m.surface for m in find(EpisodeFields(hearings=(heard(d),))).mentions] == ["Bollison"]


# how it was heard, likelihoods: none of these adds anything
NOT_CONFIRMED = [
    (HearingOutcome.HEARD, NOT_SAID),
    *((outcome, ()) for outcome in HearingOutcome if outcome is not HearingOutcome.HEARD),
]


@pytest.mark.parametrize(("outcome", "likelihoods"), NOT_CONFIRMED)
def test_what_the_audio_does_not_confirm_is_no_mention(outcome: HearingOutcome, likelihoods: tuple[float, ...]) -> None:
    hearing = Hearing(doubt=wide_doubt(score=0.9), outcome=outcome, likelihoods=likelihoods)
    result = find(replace(WIDE, hearings=(hearing,)))
    assert (result.mentions, [d for d in result.doubts if d.is_wide]) == ((), [])


def test_a_name_is_tried_once_in_a_transcript() -> None:
    doubts = find(WIDE).doubts
    assert find(replace(WIDE, hearings=tuple(heard(d, NOT_SAID) for d in doubts))).doubts == ()


def test_hearings_of_another_text_count_for_nothing() -> None:
    result = find(EpisodeFields(hearings=(heard(replace(wide_doubt(), surface="Bollinger")),)))
    assert result.mentions == ()


def test_a_watch_that_is_not_looked_for_here_is_not_asked_about() -> None:
    engine = query.build_engine([BOLOJAN, Watch(name="other", entity="Kaja Kallas", sounds_like=True)])
    transcript = join_segments([Segment(0.0, 9.0, TALK)])
    assert all(d.name == "Kaja Kallas" for d in engine(transcript, WIDE, {"other"}).doubts)
    hearing = heard(wide_doubt())
    assert engine(transcript, replace(WIDE, hearings=(hearing,)), {"other"}).mentions == ()


def test_where_the_text_has_found_something_the_net_is_not_cast() -> None:
    net = PlaceProposer([WatchedName("Ilie Bolojan", (), "person")])
    at = TALK.index("Bollison")
    assert any(p.start == at for p in net.propose(TALK, [0], []))
    assert not any(p.start <= at < p.end for p in net.propose(TALK, [0], [(at, at + 8)]))


def test_the_likely_names_are_those_of_the_notes_then_those_that_are_said_most() -> None:
    net = PlaceProposer(NAMES)
    said = [NameMatch(i, 0, 1, 1.0, "exact", "", 0.0) for i in (7, 3, 7)]
    notes = f"Today: {NAMES[5].full}"
    assert net.likely_names("", notes, said, range(20)) == [5, 7, 3]
    assert net.likely_names("", notes, said, [3, 4, 5]) == [5, 3, 4]  # hardly any are watched: each is likely
    assert len(net.likely_names(" ".join(n.full for n in NAMES), "", [], range(20))) == MAX_NAMES


@given(
    st.lists(st.builds(wide_doubt, SCORES, st.integers(0, 5000), st.integers(1, 30)), max_size=60),
    st.integers(0, 200_000),
    st.integers(0, 20),
)
def test_no_more_places_are_heard_than_an_hour_of_talk_may_have(
    doubts: list[Doubt], characters: int, already: int
) -> None:
    chosen = group_places(choose_places(doubts, characters, already))
    assert len(chosen) <= max(0, WIDE_PLACES_AN_HOUR * max(1, -(-characters // CHARACTERS_AN_HOUR)) - already)
    assert all(len(place) <= NAMES_A_PLACE for place in chosen)


@given(st.lists(st.floats(0.0, 5.0), min_size=len(FEATURES), max_size=len(FEATURES)), st.floats(0.0, 3.0))
def test_a_more_distant_sound_never_makes_a_place_likelier(features: list[float], more: float) -> None:
    farther = [features[0] + more, features[1] + more, *features[2:]]
    assert 0.0 <= place_score(farther) <= place_score(features) <= 1.0


def test_of_several_names_at_one_place_the_likeliest_stays() -> None:
    transcript = join_segments([Segment(0.0, 9.0, TALK)])
    one, two = wide_doubt(name="One"), wide_doubt(name="Two", start=19, length=11)
    weaker = tuple(x - 1.0 for x in SAID)
    found = match_hearings({"One": (0, 0.4), "Two": (1, 0.4)}, transcript, [heard(one, weaker), heard(two)], [])
    assert [name for name, _ in found] == ["Two"]


def test_words_that_are_somebody_elses_name_are_asked_about_too_but_are_less_likely() -> None:
    net = PlaceProposer([WatchedName("José Manuel Albares", (), "person")])
    talk = "What Alba told them in private is another matter, and what Elbar told them is known."
    found = {talk[p.start : p.end]: p.features for p in net.propose(talk, [0], [])}
    other_name = FEATURES.index("is_other_name")
    assert (found["Alba"][other_name], found["Elbar"][other_name]) == (1.0, 0.0)
    as_nobodys = [0.0 if i == other_name else x for i, x in enumerate(found["Alba"])]
    assert place_score(found["Alba"]) < place_score(as_nobodys)


def test_a_name_of_one_syllable_is_not_listened_for() -> None:
    assert list(PlaceProposer([WatchedName("Li", (), "person")]).propose(TALK, [0], [])) == []
    li = Watch(name="li", entity="Li", type="person", sounds_like=True)
    assert find(replace(WIDE, notes="With Li"), li).doubts == ()


def test_a_hundred_names_in_one_minute_cost_no_more_than_an_hour_of_talk() -> None:
    letters = "bdfgklmnrstv"
    names = [f"{a.upper()}o{b}ari{a}" for a in letters for b in letters][:100]
    watches = [Watch(name=n.lower(), entity=f"Berta {n}", type="person", sounds_like=True) for n in names]
    talk = " ".join(f"And {n}s said no." for n in names)
    doubts = find(replace(WIDE, notes=", ".join(names)), *watches, text=talk).doubts
    wide = [d for d in doubts if d.is_wide]
    assert len(doubts) - len(wide) <= PLACES_AN_HOUR
    assert len(group_places(wide)) <= WIDE_PLACES_AN_HOUR
