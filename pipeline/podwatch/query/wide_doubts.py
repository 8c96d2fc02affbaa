"""Decides what of the wider net is asked of the audio, and makes a match of what the audio has confirmed: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podwatch.model import Doubt, Hearing, HearingOutcome, Transcript
from podwatch.query.hearing_weights import load_weights
from podwatch.query.second_hearing import CHARACTERS_AN_HOUR, FLOOR, WeighedMatch, combine, is_surely_there

if TYPE_CHECKING:
    from podwatch.phonetics.watched_names import NameMatch
    from podwatch.query.context import EpisodeFields
    from podwatch.query.place_proposals import PlaceProposer

WIDE_PLACES_AN_HOUR = 30  # of talk, beside those of second_hearing.PLACES_AN_HOUR
NAMES_A_PLACE = 4  # names and spans of which the audio is asked at one place
LEAST = 0.03  # of the net's score: with eight likely names an hour of talk has some forty places above it


def propose_doubts(
    proposer: PlaceProposer,
    wanted: Sequence[int],
    transcript: Transcript,
    fields: EpisodeFields,
    found: Sequence[NameMatch],
    counted: Sequence[WeighedMatch],
) -> tuple[Doubt, ...]:
    """Where the audio is asked about a likely name. wanted: the indices of those that are looked for; found: all that
    the text proposes; counted: what of it counts.

    A name that was tried in this transcript is not tried again, so that this comes to an end.
    """
    tried = {h.doubt.name for h in fields.hearings if h.doubt.is_wide}
    sure = [w.match for w in counted if w.score >= w.match.threshold and is_surely_there(w.match)]
    names = proposer.names
    likely = proposer.likely_names(fields.title, fields.notes, sure, wanted)
    likely = [n for n in likely if names[n].full not in tried]
    taken = [(m.start, m.end) for m in found if m.kind != "sounds_like" or m.score >= FLOOR]
    heard = [h.doubt for h in fields.hearings if h.doubt.is_wide]
    taken += [(d.start, d.end) for d in heard]
    doubts = [
        Doubt(
            name=names[p.name].full,
            start=p.start,
            end=p.end,
            surface=transcript.text[p.start : p.end],
            score=place_score(p.features),
            is_wide=True,
        )
        for p in proposer.propose(transcript.text, likely, taken)
    ]
    return choose_places(doubts, len(transcript.text), len(group_places(heard)))


def place_score(features: Sequence[float]) -> float:
    """The probability that the name is said at a place of the wider net, before anybody has listened."""
    return round(1 / (1 + math.exp(-load_weights().places.sum(features))), 4)


def choose_places(doubts: Sequence[Doubt], characters: int, heard: int) -> tuple[Doubt, ...]:
    """Those that are heard of a text of so many characters, the likeliest places first, with their likeliest names.

    heard: how many places were already.
    """
    most = WIDE_PLACES_AN_HOUR * max(1, math.ceil(characters / CHARACTERS_AN_HOUR)) - heard
    places = group_places([d for d in doubts if d.score >= LEAST])
    return tuple(d for place in places[: max(0, most)] for d in place[:NAMES_A_PLACE])


def group_places(doubts: Sequence[Doubt]) -> list[list[Doubt]]:
    """The doubts by place, the likeliest first: those that overlap the likeliest one there are of its place."""
    places: list[list[Doubt]] = []
    for d in sorted(doubts, key=lambda d: (-d.score, d.start, d.end, d.name)):
        mine = next((p for p in places if p[0].start < d.end and d.start < p[0].end), None)
        if mine is None:
            places.append([d])
        else:
            mine.append(d)
    return places


def match_hearings(
    thresholds: Mapping[str, tuple[int, float]],
    transcript: Transcript,
    hearings: Sequence[Hearing],
    found: Sequence[NameMatch],
) -> list[tuple[str, NameMatch]]:
    """The places of the wider net that the audio was asked about, as matches that it has to confirm.

    thresholds: by name its index and threshold, of those that are looked for. Where several names were tried at a place
    the likeliest stays; where the text has found the name by itself, the net adds nothing.
    """
    from podwatch.phonetics.watched_names import NameMatch

    heard = [
        h
        for h in hearings
        if h.doubt.is_wide
        and h.outcome is HearingOutcome.HEARD
        and h.doubt.name in thresholds
        and transcript.text[h.doubt.start : h.doubt.end] == h.doubt.surface
    ]
    taken = [(m.start, m.end) for m in found if m.score >= min(m.threshold, FLOOR)]
    matches: list[tuple[str, NameMatch]] = []
    for h in sorted(heard, key=lambda h: (-combine(h.doubt.score, h.likelihoods, is_wide=True), h.doubt.start)):
        d = h.doubt
        if any(start < d.end and d.start < end for start, end in taken):
            continue
        taken.append((d.start, d.end))
        index, threshold = thresholds[d.name]
        reason = f"{' '.join(d.surface.split())} may be {d.name}, which is likely in this episode"
        matches.append((d.name, NameMatch(index, d.start, d.end, d.score, "sounds_like", reason, 1.0, threshold)))
    return sorted(matches, key=lambda m: m[1].start)
